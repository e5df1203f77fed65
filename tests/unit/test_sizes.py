"""No file is longer than 400 lines, and no function body longer than 60.

ESLint counts the functions of JavaScript (tests/shim_lint.py).

What is longer today stands in ``LONG_FILES`` and ``LONG_BODIES``, with the size that it must not grow
beyond. An entry that is no longer needed fails as well.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDERS = (".ci", "benchmarks", "docs", "examples", "fuzz", "guests", "node_shim", "stackswitch", "tests")
INSTALLED = {"cache", "node_modules", "site-packages"}
SUFFIXES = {".py", ".js", ".mjs", ".cjs"}

FILE_LINES = 400
BODY_LINES = 60

LONG_FILES: dict[str, int] = {}
LONG_BODIES: dict[str, int] = {}


def sources() -> Iterator[Path]:
    """Yield each file of code that somebody wrote: not what pip, npm or a build put there."""
    for folder in FOLDERS:
        environments = {each.parent for each in (ROOT / folder).rglob("pyvenv.cfg")}
        for path in sorted((ROOT / folder).rglob("*")):
            installed = not INSTALLED.isdisjoint(path.parts) or not environments.isdisjoint(path.parents)
            if path.suffix in SUFFIXES and not installed:
                yield path


def body_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Return how many lines a function's body takes, its docstring not counted."""
    body = function.body[1:] if ast.get_docstring(function, clean=False) is not None else function.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def not_allowed(found: dict[str, int], most: int, allowed: dict[str, int]) -> list[str]:
    """Return what is too long, and the entries of the allow list that are not needed."""
    long = {name: lines for name, lines in found.items() if lines > most}
    return [f"{name}: {lines} lines" for name, lines in long.items() if lines > allowed.get(name, most)] + [
        f"{name}: no longer needed in the allow list" for name in allowed.keys() - long.keys()
    ]


def test_files_are_short() -> None:
    lines = {str(path.relative_to(ROOT)): len(path.read_text("utf-8").splitlines()) for path in sources()}
    wrong = not_allowed(lines, FILE_LINES, LONG_FILES)
    assert not wrong


def test_function_bodies_are_short() -> None:
    lines: dict[str, int] = {}
    for path in sources():
        if path.suffix == ".py":
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                    name = f"{path.relative_to(ROOT)}: {node.name}"
                    lines[name] = max(body_lines(node), lines.get(name, 0))
    wrong = not_allowed(lines, BODY_LINES, LONG_BODIES)
    assert not wrong
