"""SQLite from npm, made re-entrant: sessions on databases of their own no longer destroy each other."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from stackswitch.engines.targets import engine_program
from stackswitch.errors import StackswitchError
from stackswitch.tools.downloads import npm_packages
from tests.requirements import missing

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.corpus


@pytest.mark.parametrize("engine", ["node@24", "node@26"])
def test_sessions_on_databases_of_their_own(engine: str) -> None:
    try:
        npm_packages(ROOT / "examples" / "wa-sqlite")
    except StackswitchError as error:
        missing("corpus", f"the corpus cannot be installed: {error}")
    done = subprocess.run(
        [sys.executable, ROOT / "benchmarks" / "stress.py", "--engines", engine, "--sqlite-seeds", "10",
         "--seeds", "0", "--calls", "0"],
        capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    native, transformed = map(json.loads, done.stdout.splitlines())
    assert native["wrong"] > 20
    assert (transformed["calls"], transformed["wrong"]) == (120, 0)


def test_the_command_that_the_report_proposes(tmp_path: Path) -> None:
    example = ROOT / "examples" / "wa-sqlite"
    try:
        packages = npm_packages(example)
    except StackswitchError as error:
        missing("corpus", f"the corpus cannot be installed: {error}")
    (tmp_path / "node_modules").symlink_to(packages / "node_modules")
    (tmp_path / "sessions.mjs").write_bytes((example / "sessions.mjs").read_bytes())
    dist = "node_modules/@journeyapps/wa-sqlite/dist"
    for name in ("wa-sqlite-jspi.wasm", "wa-sqlite-jspi.mjs"):
        (tmp_path / name).write_bytes((packages / dist / name).read_bytes())
    node = [engine_program("node@24"), "--experimental-wasm-jspi", "sessions.mjs"]
    run = partial(subprocess.run, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    said = run([sys.executable, "-m", "stackswitch", "report", "wa-sqlite-jspi.wasm"]).stdout
    lines = [each.strip() for each in said.splitlines()]
    (command,) = (each for each in lines if each.startswith("stackswitch reentrant "))
    assert "--glue wa-sqlite-jspi.mjs" in command
    assert run([sys.executable, "-m", *shlex.split(command)]).returncode == 0
    before = run([*node, "wa-sqlite-jspi.wasm", "--seeds", "3"]).stdout
    assert "0 of" not in before, before
    after = run([*node, "wa-sqlite-jspi.reentrant.wasm", "--seeds", "3"]).stdout
    assert "0 of" in after, after
