"""What the tests of re-entrant modules share: Node with JSPI, the transform by its command, programs."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from wasmtime import wat2wasm

from stackswitch.engines.locate import find_engine

LISTS = ["--suspend", "wait", *(f"--promise={name}" for name in ("work", "by_table*", "nested", "trap"))]
"""Where calls of ``kinds.wat`` begin and wait."""
PROGRAMS = Path(__file__).parent / "programs"
Node = Callable[..., Any]
Transform = Callable[..., Path]
Compile = Callable[..., Path]


@pytest.fixture
def node(tmp_path: Path) -> Node:
    """Run a program on Node with JSPI; return what it printed as JSON."""
    engine = find_engine()

    def run(program: str, *arguments: str | Path, **environment: str) -> Any:
        done = subprocess.run(
            [engine.path, *engine.flags, PROGRAMS / program, *map(str, arguments)],
            capture_output=True,
            text=True,
            timeout=240,
            cwd=tmp_path,
            env={"PATH": ""} | environment,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    return run


@pytest.fixture
def transform(tmp_path: Path) -> Transform:
    """Make a module re-entrant by the command; return the path of the build."""

    def run(module: Path, *options: str | Path) -> Path:
        output = tmp_path / f"{module.stem}-reentrant.wasm"
        done = subprocess.run(
            [sys.executable, "-m", "stackswitch", "reentrant", module, "-o", output, *options],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return output

    return run


@pytest.fixture
def emcc(tmp_path: Path) -> Compile:
    """Compile one of the programs with the system's emcc; return the path of the module."""
    if shutil.which("emcc") is None:
        pytest.skip("no emcc (Debian: emscripten)")

    def run(source: str, *options: str, name: str = "guest") -> Path:
        done = subprocess.run(
            ["emcc", PROGRAMS / source, "--js-library", PROGRAMS / f"{Path(source).stem}.js", *options, "-o",
             tmp_path / f"{name}.js"],
            capture_output=True, text=True, timeout=300, cwd=tmp_path, check=False,
        )  # fmt: skip
        if done.returncode and "FROZEN_CACHE" in done.stderr:
            pytest.skip("emcc's cache lacks a system library")
        assert done.returncode == 0, done.stderr
        return tmp_path / f"{name}.wasm"

    return run


def check_results(found: dict[str, Any]) -> None:
    """Check what ``kinds.mjs`` found on a build that is re-entrant."""
    assert found["work"] == found["nested"] == found["table"] == found["after"] == [1, 2, 3, 4, 5, 6]
    assert found["by_table"] == [2, 4, 6, 8, 10, 12]
    assert found["by_table_to_the_import"] == [1, 2, 3, 4, 5, 6]
    assert found["begun"] == [101, 102, 103, 104, 105, 106]
    assert found["unlisted"] == [1, 2, 3, 4, 5, 6]
    assert found["outer"] == [1, 2, 3, 4, 5, 6]
    assert found["begun_in_outer"] == [101, 102, 103, 104, 105, 106]
    assert found["rejected"] == ["rejected 901", 1, "rejected 902", 2]
    assert [each for each in found["traps"] if isinstance(each, int)] == [1, 3] * 3


@pytest.fixture
def kinds(tmp_path: Path) -> Path:
    """The module of ``kinds.wat``."""
    path = tmp_path / "kinds.wasm"
    path.write_bytes(wat2wasm((PROGRAMS / "kinds.wat").read_text("utf-8")))
    return path
