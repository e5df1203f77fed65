"""A room imports only from floors below it, and nobody imports the command line."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2] / "stackswitch"

FLOORS = {
    "errors": 1,
    "models": 2,
    "wasm": 2,
    "tools": 2,
    "lists": 3,
    "engines": 3,
    "reports": 3,
    "binaryen": 4,
    "readiness": 7,
    "analysis": 5,
    "backends": 5,
    "observe": 5,
    "suite": 6,
    "explore": 6,
    "guest": 6,
    "bench": 7,
    "fix": 7,
    "cli": 8,
    "pytest_plugin": 8,
    "__main__": 9,
    "__init__": 9,
}
SUBROOMS = {"wasmtime", "node"}
"""Rooms within ``backends``: they import ``base``, never each other."""


def room_of(path: Path) -> str:
    return path.relative_to(ROOT).with_suffix("").parts[0]


def imported_rooms(path: Path) -> set[str]:
    package = ("stackswitch", *path.relative_to(ROOT).parent.parts)
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        targets: list[str] = []
        if isinstance(node, ast.Import):
            targets = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            stem = ".".join([*base, *([node.module] if node.module else [])])
            targets = [stem] if stem.count(".") else [f"{stem}.{alias.name}" for alias in node.names]
        found |= {name.split(".")[1] for name in targets if name.startswith("stackswitch.")}
    return found


FILES = sorted(ROOT.rglob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_room_imports_only_from_floors_below(path: Path) -> None:
    room = room_of(path)
    assert room in FLOORS, f"{room} has no floor: give it one here and in docs/design.md"
    for other in imported_rooms(path) - {room, "__version__"}:
        below = FLOORS[other] < FLOORS[room] or {room, other} == {"backends", "observe"}
        assert below, f"{path.name} (floor {FLOORS[room]}) imports {other}"


@pytest.mark.parametrize("path", sorted((ROOT / "backends").rglob("*.py")), ids=lambda path: path.name)
def test_backends_do_not_know_each_other(path: Path) -> None:
    own = path.relative_to(ROOT / "backends").parts[0]
    if own not in SUBROOMS:
        return
    text = path.read_text("utf-8")
    for other in SUBROOMS - {own}:
        assert f"backends.{other}" not in text, f"{path} imports the {other} backend"


def test_every_file_stays_one_idea() -> None:
    long = {path.name: count for path in FILES if (count := len(path.read_text("utf-8").splitlines())) > 405}
    assert not long, f"split these by idea: {long}"
