"""Programs written for JSPI run on Node 20, which has none: the polyfill instruments their modules."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from stackswitch.engines.targets import engine_program
from stackswitch.tools.downloads import npm_packages

HERE = Path(__file__).parent
SHIM = HERE.parents[1] / "node_shim"
SESSIONS = HERE.parents[1] / "examples" / "wa-sqlite" / "sessions.mjs"
TIMEOUT_S = 600.0

pytestmark = pytest.mark.corpus


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the programs, their packages, and a file that installs the polyfill."""
    where = tmp_path_factory.mktemp("programs")
    for each in (HERE / "programs").glob("*.mjs"):
        (where / each.name).write_bytes(each.read_bytes())
    (where / SESSIONS.name).write_bytes(SESSIONS.read_bytes())
    (where / "node_modules").symlink_to(npm_packages(HERE) / "node_modules")
    library = npm_packages(SHIM) / "node_modules" / "binaryen" / "index.js"
    (where / "polyfill.mjs").write_text(
        f"import {{ install }} from {(SHIM / 'polyfill.mjs').as_uri()!r};\n"
        f"install({{ instrument: {{ binaryen: {str(library)!r} }} }});\n"
    )
    return where


def _output(folder: Path, engine: str, *argv: str) -> str:
    program = engine_program(engine)
    assert program is not None
    env = {**os.environ, "STACKSWITCH_CACHE": str(folder / "cache")}
    done = subprocess.run(
        [program, *argv], cwd=folder, env=env, capture_output=True, text=True, timeout=TIMEOUT_S
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("name", ["jco", "wa-sqlite-jspi", "wa-sqlite-multiple-ciphers"])
def test_a_program_gives_the_same_as_on_jspi(folder: Path, name: str) -> None:
    over_polyfill = _output(folder, "node@20", "--import", "./polyfill.mjs", f"{name}.mjs")
    assert over_polyfill == _output(folder, "node@26", f"{name}.mjs")


def test_sessions_at_the_same_time_keep_apart(folder: Path) -> None:
    module = "node_modules/@journeyapps/wa-sqlite/dist/wa-sqlite-jspi.wasm"
    argv = ("--import", "./polyfill.mjs", SESSIONS.name, module, "--sessions", "8", "--seeds", "3")
    assert _output(folder, "node@20", *argv) == "0 of 24 sessions ended otherwise than alone\n"
