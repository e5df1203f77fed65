"""The package writes to a terminal or a file by the console and ``write_output`` alone, with our escapes."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3] / "stackswitch"
WRITERS = {
    "cli/__init__.py": "a broken installation has no console",
    "cli/console.py": "the console, by rich",
    "cli/output.py": "results on standard output",
    "cli/streams.py": "prepares and flushes the streams",
    "cli/help.py": "asks whether help goes to a terminal",
    "engines/in_wasmtime.py": "a child that answers its parent",
}
"""Files that touch a stream themselves, each with why."""


WRITES = ("typer.echo", "typer.secho", "sys.stdout", "sys.stderr", "traceback.print_exc")


def uses(path: Path) -> list[str]:
    """What a file has that writes to a stream, or makes JSON unescaped."""
    found = []
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print":
            found.append(f"{node.lineno}: print()")
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            name = f"{node.value.id}.{node.attr}"
            if name in (
                "rich.print",
                "typer.echo",
                "typer.secho",
                "sys.stdout",
                "sys.stderr",
                "traceback.print_exc",
            ):
                found.append(f"{node.lineno}: {name}")
    return found


FILES = sorted(ROOT.rglob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_only_the_console_writes_to_a_stream(path: Path) -> None:
    name = path.relative_to(ROOT).as_posix()
    found = uses(path)
    if name in WRITERS:
        assert found or name == "cli/console.py", f"{name} writes nothing: take it from the list"
    else:
        assert not found, f"{name}: print through cli.console.Console: {found}"


@pytest.mark.parametrize("path", sorted((ROOT / "cli").glob("*.py")), ids=lambda path: path.name)
def test_no_command_has_a_console_or_json_of_its_own(path: Path) -> None:
    text = path.read_text("utf-8")
    if path.name not in ("console.py", "progress.py"):
        assert "from rich" not in text, f"{path.name}: use cli.console.Console"
    assert "model_dump_json" not in text, f"{path.name}: use reports.escape.json_text"
    assert "dumps(" not in text or path.name == "init.py", f"{path.name}: use reports.escape.json_text"
