"""A suite of commands in a folder, and ``stackswitch test`` over it as a user runs it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from wasmtime import wat2wasm

from stackswitch.binaryen.asyncify import AsyncifyRequest, open_binaryen
from tests.conftest import Run

PROGRAMS = Path(__file__).parent / "programs"
CASE = """why = "One wait."
command = ["node", "main.mjs", "5"]
[expect]
stdout = "run(5) = 15 after 2 steps\\n"
"""


@dataclass
class Tested:
    """A run and its results, by case and backend."""

    status: int
    stdout: str
    stderr: str
    results: dict[tuple[str, str], dict[str, Any]]

    def outcome(self, case: str, backend: str = "jspi") -> str:
        return str(self.results[case, backend]["outcome"])


Test = Callable[..., Tested]


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    """A folder with the programs and their module; no case yet."""
    folder = tmp_path / "suite"
    shutil.copytree(PROGRAMS, folder)
    (folder / "guest.wasm").write_bytes(bytes(wat2wasm((folder / "guest.wat").read_text())))
    return folder


@pytest.fixture
def own_build(suite: Path, run: Run[Any]) -> Callable[..., None]:
    """Make the program's own Asyncify build, by a list."""

    def make(*only: str) -> None:
        async def build() -> bytes:
            binaryen = await open_binaryen()
            try:
                request = AsyncifyRequest(
                    wasm=(suite / "guest.wasm").read_bytes(), imports=("env.wait",), only=only
                )
                return (await binaryen.asyncify(request)).wasm
            finally:
                await binaryen.aclose()

        (suite / "own.wasm").write_bytes(run(build()))

    return make


@pytest.fixture
def tested(suite: Path) -> Test:
    """Run ``stackswitch test`` on the suite."""

    def test(*options: str | Path, timeout: float = 120.0, **env: str) -> Tested:
        results = suite.parent / "results.json"
        results.unlink(missing_ok=True)
        done = subprocess.run(
            [sys.executable, "-m", "stackswitch", "test", suite, "--json", results, *options],
            cwd=suite.parent,
            env={**os.environ, **env},
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        found = json.loads(results.read_text())["results"] if results.exists() else []
        by_key = {(each["case_id"], each["backend"]): each for each in found}
        return Tested(done.returncode, done.stdout, done.stderr, by_key)

    return test
