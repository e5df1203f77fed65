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

from stackswitch.engines.locate import find_engine

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
            [engine.path, "--experimental-wasm-jspi", PROGRAMS / program, *map(str, arguments)],
            capture_output=True,
            text=True,
            timeout=240,
            cwd=tmp_path,
            env={"PATH": "", **environment},
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
