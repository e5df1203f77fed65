"""PHP 8.3 as WordPress Playground ships it: transformed in about a second, and it gives the same output."""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from stackswitch.engines.locate import find_engine
from stackswitch.errors import StackswitchError
from stackswitch.tools.downloads import npm_packages
from tests.requirements import missing

from .conftest import PROGRAMS

PHP = Path(__file__).parents[3] / "examples" / "php"
CPU_S = 5.0
"""A limit for busy machines; ``benchmarks/reentrant.py`` measures."""

pytestmark = pytest.mark.php


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the program and the packages, whose files may be replaced."""
    try:
        packages = npm_packages(PHP)
    except StackswitchError as error:
        missing("php", f"PHP cannot be installed: {error}")
    shutil.copytree(
        packages / "node_modules", tmp_path / "node_modules", symlinks=True, copy_function=_linked
    )
    shutil.copyfile(PROGRAMS / "php.mjs", tmp_path / "php.mjs")
    return tmp_path


def _linked(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def output(folder: Path) -> Any:
    argv = [find_engine().path, "--experimental-wasm-jspi", folder / "php.mjs"]
    done = subprocess.run(argv, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_php_gives_the_same_output(folder: Path) -> None:
    (module,) = folder.glob("node_modules/@php-wasm/node-8-3/jspi/*/php_8_3.wasm")
    before = output(folder)
    assert before["exitCode"] == 0
    glue = module.parents[1] / "php_8_3.js"
    build = folder / "build.wasm"
    spent = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    done = subprocess.run(
        [sys.executable, "-m", "stackswitch", "reentrant", module, "--glue", glue, "--main-module",
         "-o", build],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - spent < CPU_S
    module.unlink()
    build.rename(module)
    assert output(folder) == before
