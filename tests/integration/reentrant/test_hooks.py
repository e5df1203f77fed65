"""Another runtime switches C stacks by the contract of binaryen#9102, at boundaries of its own."""

from __future__ import annotations

from pathlib import Path

import pytest
from wasmtime import wat2wasm

from .conftest import PROGRAMS, Node, Transform

HOOKS = PROGRAMS / "hooks"
CALLS = 200
REJECTED = CALLS // 7


@pytest.fixture
def folder(tmp_path: Path, transform: Transform) -> Path:
    """The modules: the guest knows nothing of ``task`` and ``pause``, which are the other runtime's."""
    for path in HOOKS.glob("*.wat"):
        (tmp_path / f"{path.stem}.wasm").write_bytes(wat2wasm(path.read_text("utf-8")))
    build = transform(tmp_path / "guest.wasm", "--suspend", "env.wait", "--promise", "work")
    build.replace(tmp_path / "guest.wasm")
    return tmp_path


@pytest.mark.parametrize("seed", ["1", "2", "3", "4", "5"])
def test_calls_of_two_runtimes_overlap(folder: Path, node: Node, seed: str) -> None:
    found = node("hooks/drive.mjs", folder, "own", seed, str(CALLS))
    assert found == {"wrong": 0, "rejected": REJECTED, "errors": {}, "pointer": 65536}


def test_without_the_hooks_they_do_not(folder: Path, node: Node) -> None:
    found = node("hooks/drive.mjs", folder, "none", "1", str(CALLS))
    assert found["wrong"] + sum(found["errors"].values()) > CALLS // 10
