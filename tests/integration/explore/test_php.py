"""PHP's own explorer: what it generates runs, and shows functions that no list by hand has."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from stackswitch.engines.locate import Engine, find_engine
from stackswitch.errors import DownloadError
from stackswitch.models.trace import TRACE_LINE, TraceSuspension
from stackswitch.tools.downloads import npm_package

VERSION = "3.1.56"
EXPLORE = Path(__file__).parents[3] / "examples" / "php" / "explore"
WANTED = ("usort/0", "ArrayObject::uasort/0", "ArrayObject::(operators)/0", "library/output-at-exit/command")

pytestmark = pytest.mark.php


@pytest.fixture(scope="module")
def environment() -> dict[str, str]:
    try:
        modules = npm_package("@php-wasm/node", VERSION).parents[1]
    except DownloadError as error:
        pytest.skip(f"npm: {error}")
    return {**os.environ, "PHP_MODULES": str(modules)}


def test_php_is_explored_by_reflection(tmp_path: Path, environment: dict[str, str]) -> None:
    node: Engine = find_engine()
    made = subprocess.run(
        [node.path, *node.flags, EXPLORE / "generate.mjs"],
        env=environment,
        capture_output=True,
        check=True,
        timeout=120,
    )
    programs = {json.loads(line)["id"]: line for line in made.stdout.splitlines()}
    assert len(programs) > 20_000
    assert sum(each.startswith("template/") for each in programs) > 200
    (tmp_path / "programs.jsonl").write_bytes(b"\n".join(programs[each] for each in WANTED) + b"\n")
    runner = [node.path, *node.flags, EXPLORE / "runner.mjs"]
    done = subprocess.run(
        [sys.executable, "-m", "stackswitch", "explore", "programs.jsonl", "--timeout", "60", "--", *runner],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert f"{len(WANTED)} run (0 known before), 0 crashed" in done.stderr
    lines = [
        TRACE_LINE.validate_json(each)
        for each in (tmp_path / "explore/trace.jsonl").read_bytes().splitlines()
    ]
    stacks = [each for each in lines if isinstance(each, TraceSuspension)]
    functions = {name for each in stacks for _, _, name in each.frames}
    assert {"zif_usort", "php_array_user_compare", "spl_array_method", "run_cli"} <= functions
    assert {each.import_ for each in stacks} == {"env.emscripten_sleep"}
