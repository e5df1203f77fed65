"""Main and side modules of the system's emcc, linked by its loader: calls into all of them overlap."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import PROGRAMS, Node

pytestmark = pytest.mark.emscripten
LINKED = PROGRAMS / "linked"
DRIVER = "linked/drive.cjs"
EXPORTED = ("malloc", "main", "wait_in_main", "offer", "work", "nest", "by_pointer", "load", "plain")
WAITS = ("--suspend", "pause_for")
BEGINS = ("--suspend", "start_inner")
"""An import that does not suspend, but begins calls that wait."""
SIDE_CALLS = ("--promise", "side_*")
RIGHT = {"wrong": 0, "plain": 0, "inner": 0, "errors": {}}


def compile_linked(folder: Path, *arguments: str | Path) -> None:
    done = subprocess.run(
        ["emcc", "-O1", *arguments], capture_output=True, text=True, timeout=300, cwd=folder, check=False
    )
    if done.returncode and "FROZEN_CACHE" in done.stderr:
        pytest.skip("emcc's cache lacks a system library")
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a main module, its glue and its side modules."""
    if shutil.which("emcc") is None:
        pytest.skip("no emcc (Debian: emscripten)")
    folder = tmp_path_factory.mktemp("linked")
    for name in ("side", "late"):
        source = LINKED / f"{name}.c"
        compile_linked(folder, source, "-DCALLS_PROMISING", "-sSIDE_MODULE=2", "-o", f"{name}.wasm")
    exported = ",".join(f"_{name}" for name in EXPORTED)
    compile_linked(
        folder, LINKED / "main.c", "side.wasm", "-sMAIN_MODULE=2", "-sALLOW_MEMORY_GROWTH", "-o", "main.js",
        f"-sEXPORTED_FUNCTIONS={exported}", "--js-library", LINKED / "library.js",
        "--post-js", LINKED / "jspi.js",
    )  # fmt: skip
    return folder


def transform(plain: Path, folder: Path, *begins: str, region: str = "65536") -> Path:
    """Make all modules re-entrant, in a folder of their own; return its glue."""
    main = folder / "main.wasm"
    promised = [f"--promise={each}" for each in ("work", "nest", "by_pointer", "load")]
    side = ("--side-of", main)
    for name, options in (
        ("main", ["--main-module", *WAITS, *begins, *promised, "--region", region]),
        ("side", [*side, *WAITS, *begins, *SIDE_CALLS]),
        ("late", [*side, *WAITS]),
    ):
        subprocess.run(
            [sys.executable, "-m", "stackswitch", "reentrant", plain / f"{name}.wasm", *options, "-o",
             folder / f"{name}.wasm"],
            check=True, capture_output=True, timeout=120,
        )  # fmt: skip
    shutil.copy(plain / "main.js", folder)
    return folder / "main.js"


def shown(found: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in found.items() if name != "rejected"}


def test_calls_into_all_modules_overlap(plain: Path, tmp_path: Path, node: Node) -> None:
    glue = transform(plain, tmp_path, *BEGINS)
    for seed in ("1", "2", "3"):
        assert shown(node(DRIVER, glue, seed, "200")) == RIGHT


def test_the_same_calls_are_wrong_without_the_transform(plain: Path, node: Node) -> None:
    assert node(DRIVER, plain / "main.js", "1", "30", KINDS="side_work,by_pointer")["wrong"] > 10


def test_a_call_that_an_import_begins_unseen_traps(plain: Path, tmp_path: Path, node: Node) -> None:
    """It waits on the stack of the call around it. Every call that is not right ends by an error."""
    found = node(DRIVER, transform(plain, tmp_path), "1", "40")
    assert found["errors"].keys() == {"unreachable"}
    assert found["wrong"] + found["inner"] == found["errors"]["unreachable"]


def test_side_modules_that_are_not_transformed_may_compute(plain: Path, tmp_path: Path, node: Node) -> None:
    glue = transform(plain, tmp_path, *BEGINS)
    for name in ("side", "late"):
        shutil.copy(plain / f"{name}.wasm", tmp_path)
    assert shown(node(DRIVER, glue, "1", "60", KINDS="work")) == RIGHT
