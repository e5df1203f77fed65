"""What a plain ``pytest`` leaves out, CI runs: each marker in a step of its own."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from tests.conftest import LEFT_OUT

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[2]
OPTIONS = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["pytest"]["ini_options"]
RUN = (ROOT / ".ci" / "run").read_text("utf-8")


def test_a_plain_pytest_leaves_out_every_marker() -> None:
    assert {each.partition(":")[0] for each in OPTIONS["markers"]} == LEFT_OUT
    selection = OPTIONS["addopts"][OPTIONS["addopts"].index("-m") + 1]
    assert set(selection.split(" and ")) == {f"not {each}" for each in LEFT_OUT}


@pytest.mark.parametrize("marker", sorted(LEFT_OUT))
def test_ci_has_one_step_for_each_marker(marker: str) -> None:
    assert len(re.findall(rf"^ *marked {marker}\b", RUN, re.MULTILINE)) == 1


def test_the_workflow_runs_on_each_system_what_needs_nothing_but_a_registry() -> None:
    workflow = (ROOT / ".github" / "workflows" / "ci.yml").read_text("utf-8")
    (selection,) = re.findall(r'pytest .*-m "([a-z ]+)"', workflow)
    assert set(selection.split(" or ")) == LEFT_OUT - {"compiler", "corpus", "toolchain"}
    assert re.findall(r"pytest .*-m toolchain$", workflow, re.MULTILINE)


@pytest.mark.parametrize("page", ["CONTRIBUTING.md"])
def test_contributors_are_told_of_every_marker(page: str) -> None:
    text = (ROOT / page).read_text("utf-8")
    assert [each for each in sorted(LEFT_OUT) if f"| `{each}` |" not in text] == []


def test_the_list_of_names_that_only_seem_unused_has_none_that_is_gone() -> None:
    listed = re.findall(
        r"^(?:_\.)?(\w+)$", (ROOT / "tests/checks/vulture_whitelist.py").read_text("utf-8"), re.MULTILINE
    )
    folders = ("benchmarks", "examples", "node_shim", "stackswitch")
    code = "\n".join(path.read_text("utf-8") for each in folders for path in (ROOT / each).rglob("*.py"))
    words = set(re.findall(r"\w+", code))
    assert listed
    assert [each for each in listed if each not in words] == []
