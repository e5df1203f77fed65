"""The watchdog runs before anything is started: a SIGKILL at any moment leaves no process."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3] / "stackswitch"
STARTS = {
    "Popen",
    "create_subprocess_exec",
    "create_subprocess_shell",
    "subprocess_exec",
    "subprocess_shell",
    "ProcessPoolExecutor",
}
EXEMPT = {
    "tools/watchdog.py: _start": "it starts the watchdog",
    "fix/file_restore.py: protect": "the restorer outlives a SIGKILL: it puts the lists back",
}
"""Functions that start a process without it, each with why."""


def name_of(call: ast.Call) -> str:
    if isinstance(call.func, ast.Attribute):
        return call.func.attr
    return call.func.id if isinstance(call.func, ast.Name) else ""


def starters(path: Path) -> dict[str, bool]:
    """Return the functions that start a process, and whether each calls ``ready`` before it does."""
    found = {}
    for function in ast.walk(ast.parse(path.read_text("utf-8"))):
        if not isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)):
            continue
        calls = [each for each in ast.walk(function) if isinstance(each, ast.Call)]
        starts = [each.lineno for each in calls if name_of(each) in STARTS]
        if starts:
            ready = [each.lineno for each in calls if name_of(each) == "ready"]
            first = min(starts)
            pool = any(name_of(each) == "ProcessPoolExecutor" for each in calls)  # starts with its first task
            found[function.name] = bool(ready) and (pool or min(ready) < first)
    return found


FILES = [path for path in sorted(ROOT.rglob("*.py")) if starters(path)]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_the_watchdog_is_started_first(path: Path) -> None:
    file = path.relative_to(ROOT).as_posix()
    late = [name for name, ready in starters(path).items() if not ready and f"{file}: {name}" not in EXEMPT]
    assert not late, f"{file}: call watchdog.ready() before a process is started in {late}"


def test_exemptions_are_needed() -> None:
    found = {f"{path.relative_to(ROOT).as_posix()}: {name}" for path in FILES for name in starters(path)}
    assert EXEMPT.keys() <= found
