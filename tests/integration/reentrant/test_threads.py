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


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a program, its glue and that of its workers."""
    if shutil.which("emcc") is None:
        pytest.skip("no emcc (Debian: emscripten)")
    folder = tmp_path_factory.mktemp("threads")
    exported = ",".join(f"_{name}" for name in EXPORTED)
    done = subprocess.run(
        ["emcc", THREADS / "threads.c", "-O1", "-g2", "-pthread", "-sPTHREAD_POOL_SIZE=16",
         "-sINITIAL_MEMORY=134217728", f"-sEXPORTED_FUNCTIONS={exported}",
         "--js-library", THREADS / "library.js", "--pre-js", THREADS / "jspi.js", "-o", "threads.js"],
        capture_output=True, text=True, timeout=300, cwd=folder, check=False,
    )  # fmt: skip
    if done.returncode and "FROZEN_CACHE" in done.stderr:
        pytest.skip("emcc's cache lacks a system library")
    assert done.returncode == 0, done.stderr
    return folder


def test_calls_overlap_in_each_thread(plain: Path, tmp_path: Path, transform: Transform, node: Node) -> None:
    folder = tmp_path / "made"
    folder.mkdir()
    for name in ("threads.js", "threads.worker.js"):
        shutil.copy(plain / name, folder)
    build = transform(plain / "threads.wasm", "--suspend", "pause_for", "--promise", "work")
    shutil.move(build, folder / "threads.wasm")
    for seed in ("1", "2", "3"):
        assert node(DRIVER, folder / "threads.js", seed, "14") == {"threads": 14, "wrong": 0}


def test_the_same_calls_are_wrong_without_the_transform(plain: Path, node: Node) -> None:
    assert node(DRIVER, plain / "threads.js", "1", "6")["wrong"] > 100
