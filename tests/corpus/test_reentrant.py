"""SQLite from npm, made re-entrant: sessions on databases of their own no longer destroy each other."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from stackswitch.engines.targets import engine_program
from stackswitch.errors import StackswitchError
from stackswitch.tools.downloads import npm_packages

HERE = Path(__file__).parent
REQUIRED = "corpus" in os.environ.get("STACKSWITCH_TESTS_REQUIRE", "").split(",")
FLAGS = {"node@24": ("--experimental-wasm-jspi",)}
PROGRAM = "wa-sqlite-sessions.mjs"
DIST = Path("node_modules") / "@journeyapps" / "wa-sqlite" / "dist"

pytestmark = pytest.mark.corpus


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the program and its package."""
    try:
        packages = npm_packages(HERE)
    except StackswitchError as error:
        (pytest.fail if REQUIRED else pytest.skip)(f"the corpus cannot be installed: {error}")
    (tmp_path / "node_modules").symlink_to(packages / "node_modules")
    (tmp_path / PROGRAM).write_bytes((HERE / "programs" / PROGRAM).read_bytes())
    return tmp_path


def sessions(folder: Path, engine: str, module: Path, count: int, how: str, seed: int = 1) -> Any:
    """Return what each session read."""
    program = engine_program(engine)
    assert program is not None
    done = subprocess.run(
        [program, *FLAGS.get(engine, ()), PROGRAM, module, str(count), how, str(seed)],
        cwd=folder, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    return json.loads(done.stdout) if done.returncode == 0 else [[done.stderr[-200:]]] * count


@pytest.mark.parametrize("engine", ["node@24", "node@26"])
def test_sessions_on_databases_of_their_own(folder: Path, engine: str) -> None:
    module = folder / DIST / "wa-sqlite-jspi.wasm"
    right = sessions(folder, engine, module, 8, "apart")
    assert [each[-1] for each in right] == ["ok"] * 8
    assert sessions(folder, engine, module, 2, "together") != right[:2]
    build = folder / "reentrant.wasm"
    argv = [sys.executable, "-m", "stackswitch", "reentrant", module, "-o", build]
    glue = module.with_suffix(".mjs")
    done = subprocess.run([*argv, "--glue", glue], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "33 imports, 12 exports" in done.stderr
    assert build.stat().st_size - module.stat().st_size < 4096
    for seed in (1, 2, 3):
        assert sessions(folder, engine, build, 8, "together", seed) == right
