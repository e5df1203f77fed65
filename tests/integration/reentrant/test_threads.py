"""Programs with threads of the system's emcc: in each thread calls overlap, on Node's worker threads."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from .conftest import PROGRAMS, Node, Transform

pytestmark = pytest.mark.emscripten
THREADS = PROGRAMS / "threads"
DRIVER = "threads/drive.cjs"
EXPORTED = ("malloc", "main", "work", "plain", "finished", "start", "threads_done", "bytes_wrong")


MEMORY = "-sINITIAL_MEMORY=134217728"
GLUE = ("threads.js", "threads.worker.js")


def compile_threads(folder: Path, *arguments: str | Path) -> None:
    if shutil.which("emcc") is None:
        pytest.skip("no emcc (Debian: emscripten)")
    done = subprocess.run(
        ["emcc", "-O1", "-g2", "-pthread", *arguments],
        capture_output=True, text=True, timeout=300, cwd=folder, check=False,
    )  # fmt: skip
    if done.returncode and "FROZEN_CACHE" in done.stderr:
        pytest.skip("emcc's cache lacks a system library")
    assert done.returncode == 0, done.stderr


def compile_main(folder: Path, *arguments: str) -> None:
    exported = ",".join(f"_{name}" for name in EXPORTED)
    compile_threads(
        folder, THREADS / "threads.c", *arguments, "-sPTHREAD_POOL_SIZE=16", MEMORY,
        f"-sEXPORTED_FUNCTIONS={exported}", "--js-library", THREADS / "library.js",
        "--pre-js", THREADS / "jspi.js", "-o", "threads.js",
    )  # fmt: skip


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a program, its glue and that of its workers."""
    folder = tmp_path_factory.mktemp("threads")
    compile_main(folder)
    return folder


def made_folder(plain: Path, tmp_path: Path) -> Path:
    """Return a folder for builds, with the glue of what was compiled."""
    folder = tmp_path / "made"
    folder.mkdir()
    for name in GLUE:
        shutil.copy(plain / name, folder)
    return folder


def test_calls_overlap_in_each_thread(plain: Path, tmp_path: Path, transform: Transform, node: Node) -> None:
    folder = made_folder(plain, tmp_path)
    build = transform(plain / "threads.wasm", "--suspend", "pause_for", "--promise", "work")
    shutil.move(build, folder / "threads.wasm")
    for seed in ("1", "2", "3"):
        assert node(DRIVER, folder / "threads.js", seed, "14") == {"threads": 14, "wrong": 0}


def test_the_same_calls_are_wrong_without_the_transform(plain: Path, node: Node) -> None:
    assert node(DRIVER, plain / "threads.js", "1", "6")["wrong"] > 100


def test_side_modules_in_each_thread(
    tmp_path_factory: pytest.TempPathFactory, tmp_path: Path, transform: Transform, node: Node
) -> None:
    plain = tmp_path_factory.mktemp("linked-threads")
    compile_threads(plain, THREADS / "side.c", "-sSIDE_MODULE=2", "-o", "side.wasm")
    compile_main(plain, "side.wasm", "-sMAIN_MODULE=2")
    before = node(DRIVER, plain / "threads.js", "1", "6")
    assert before["wrong"] > 100
    folder = made_folder(plain, tmp_path)
    waits = ("--suspend", "pause_for")
    main = transform(plain / "threads.wasm", "--main-module", *waits, "--promise", "work")
    shutil.move(main, folder / "threads.wasm")
    side = transform(
        plain / "side.wasm", "--side-of", folder / "threads.wasm", *waits, "--promise", "side_work"
    )
    shutil.move(side, folder / "side.wasm")
    for seed in ("1", "2"):
        assert node(DRIVER, folder / "threads.js", seed, "14") == {"threads": 14, "wrong": 0}
