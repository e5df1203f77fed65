"""The two Dockerfiles: what they share, what they pin, and the list that one of them carries."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from stackswitch.lists.files import find_lists, read_list
from stackswitch.suite.loader import load_suite
from stackswitch.wasm.function_names import binaryen_names
from stackswitch.wasm.module import parse_module
from tests.list_edits import edit_list

ROOT = Path(__file__).parents[3]
ASYNCIFY = ROOT / "Dockerfile.asyncify"
JSPI = ROOT / "Dockerfile.jspi"
SUITE = ROOT / "docker" / "suite"
PINNED = re.compile(r"[a-z0-9_-]+==[0-9][0-9.]*\Z")


def stage(path: Path, name: str) -> str:
    """A stage, from its FROM line to the next one's comment."""
    found = re.search(rf"^FROM \S+ AS {name}\n.*?\n\n", path.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    assert found, f"{path.name} has no stage {name}"
    return found[0]


@pytest.mark.parametrize("name", ["guest", "needs", "stackswitch"])
def test_the_stages_both_have_are_the_same_and_so_built_once(name: str) -> None:
    assert stage(ASYNCIFY, name) == stage(JSPI, name)


@pytest.mark.parametrize("path", [ASYNCIFY, JSPI], ids=lambda path: path.name)
def test_the_last_stage_is_not_root_s_and_runs_the_suite(path: Path) -> None:
    last = path.read_text("utf-8").rpartition("\nFROM ")[2]
    assert re.search(r"^USER (?!root|0)\S+$", last, re.MULTILINE)
    backend = path.suffix.removeprefix(".")
    entry, command = (
        json.loads(each) for each in re.findall(r"^(?:ENTRYPOINT|CMD) (.*)$", last, re.MULTILINE)
    )
    assert [*entry, *command] == ["stackswitch", "test", "--backend", backend, "/guest/suite"]


@pytest.mark.parametrize("path", [ASYNCIFY, JSPI], ids=lambda path: path.name)
def test_what_they_build_on_is_pinned(path: Path) -> None:
    text = path.read_text("utf-8")
    images = re.findall(r"^FROM (\S+)", text, re.MULTILINE)
    stages = re.findall(r" AS (\w+)$", text, re.MULTILINE)
    assert {each for each in images if each not in stages} == {"python:3.11-slim-bookworm"}
    assert re.findall(r"pip install --quiet (?!--no-deps)(\S+)", text) == ["ziglang==0.17.1"]


@pytest.mark.parametrize("name", ["requirements.txt", "build-requirements.txt"])
def test_every_requirement_is_at_one_version(name: str) -> None:
    lines = (ROOT / "docker" / name).read_text("utf-8").splitlines()
    assert lines[0].startswith("#")
    assert [line for line in lines[1:] if not PINNED.match(line)] == []


def test_every_dependency_of_ours_is_among_the_requirements() -> None:
    lines = (ROOT / "docker" / "requirements.txt").read_text("utf-8").splitlines()
    pinned = {line.partition("==")[0].replace("_", "-") for line in lines if "==" in line}
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    wanted = re.findall(
        r'^    "([a-z0-9-]+)[>=<]', project.partition("\ndependencies = [")[2].partition("]")[0], re.MULTILINE
    )
    # tomli stands in for tomllib, which the images' Python has.
    assert len(wanted) > 5
    assert set(wanted) - {"tomli"} <= pinned


def test_the_list_is_of_lua_s_functions_and_sorted() -> None:
    names = read_list(ASYNCIFY.read_bytes(), path=str(ASYNCIFY)).names
    lua = parse_module((SUITE / "lua.wasm").read_bytes())
    assert set(names) <= set(binaryen_names(lua))
    assert list(names) == sorted(names)


def test_the_other_has_no_list() -> None:
    assert "ASYNCIFY" not in JSPI.read_text("utf-8")
    assert [each.variable for each in find_lists(ASYNCIFY.read_bytes())] == ["ASYNCIFY_ONLY"]


def test_no_case_has_a_list_of_its_own_for_the_image_adds_one() -> None:
    for each in load_suite(SUITE).cases:
        assert each.case.asyncify.only is None
        assert not each.problem


def test_fix_puts_back_a_name_to_the_byte(tmp_path: Path) -> None:
    before = ASYNCIFY.read_bytes()
    names = [each for each in read_list(before).names if each != "auxsort"]
    copy = tmp_path / "Dockerfile.asyncify"
    copy.write_bytes(edit_list(before, names))
    assert copy.read_bytes() == before.replace(b'"auxsort",\\\n', b"")
    argv = [sys.executable, "-m", "stackswitch", "fix", str(SUITE), "--list", str(copy), "-k", "sort"]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "+ auxsort  (observed in sort)" in done.stdout
    assert copy.read_bytes() == before


SHELL = shutil.which("sh")


@pytest.mark.skipif(SHELL is None, reason="no sh")
def test_the_shell_gives_what_fix_reads() -> None:
    """The list between its quotes, joined as Docker joins lines, printed by any shell."""
    text = ASYNCIFY.read_text("utf-8").replace("\\\n", "")
    quoted = re.search(r"export ASYNCIFY_ONLY=('.*?')", text)
    assert quoted
    script = f"export ASYNCIFY_ONLY={quoted[1]}; printf '[%s]\\n' \"$ASYNCIFY_ONLY\""
    done = subprocess.run([str(SHELL), "-c", script], capture_output=True, check=True)
    assert tuple(json.loads(done.stdout)) == read_list(ASYNCIFY.read_bytes()).names


def test_images_are_left_out_when_asked_and_only_then() -> None:
    argv = ["bash", str(ROOT / ".ci" / "images")]
    done = subprocess.run(
        argv, capture_output=True, text=True, check=False, timeout=60, env={"STACKSWITCH_SKIP_IMAGES": "1"}
    )
    assert (done.returncode, "left out" in done.stdout) == (0, True)
    none = {"STACKSWITCH": "/no/stackswitch", "PATH": "/usr/bin:/bin"}
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=60, env=none)
    assert done.returncode == 1
    assert done.stderr.startswith(".ci/images: ")
