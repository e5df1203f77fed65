"""What each tool makes of builds of current Emscripten: reads ``tests/toolchain``, makes the docs' table."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_HERE = Path(__file__).parents[1] / "tests" / "toolchain"
BUILDS: dict[str, dict[str, Any]] = tomllib.loads((_HERE / "builds.toml").read_text("utf-8"))["build"]
TABLE: dict[str, Any] = tomllib.loads((_HERE / "table.toml").read_text("utf-8"))
ROWS: list[dict[str, Any]] = TABLE["row"]
Cell = tuple[str, str, str]
"""The Debian, the build and the tool."""


def cells() -> Iterator[Cell]:
    """Yield what is run."""
    for debian, tools in TABLE["run"].items():
        for name, build in BUILDS.items():
            if debian in build.get("debian", [debian]):
                yield from ((debian, name, tool) for tool in tools[name.split("-")[0]])


def row_of(cell: Cell) -> dict[str, Any] | None:
    """Return the row that says why the outcome is not the usual one; the last that fits counts."""
    debian, name, tool = cell
    fitting = [
        row
        for row in ROWS
        if tool in row["tools"]
        and any(fnmatchcase(name, each) for each in row["builds"])
        and fnmatchcase(debian, row.get("debian", "*"))
    ]
    return fitting[-1] if fitting else None


def expected(cell: Cell) -> str:
    """Return the outcome, or how it begins if it has a colon."""
    row = row_of(cell)
    if row:
        return str(row["outcome"])
    usual: str = TABLE["usual"][cell[1].split("-")[0]][cell[2]]
    return usual


def table() -> str:
    """Return a table for each kind of build, with the reasons under it."""
    lines: list[str] = []
    found = list(cells())
    for kind, usual in TABLE["usual"].items():
        lines += [
            "",
            f"| `{kind}-` | Debian | " + " | ".join(usual) + " |",
            "|---|---|" + "---|" * len(usual),
        ]
        for debian, name in dict.fromkeys(cell[:2] for cell in found if cell[1].startswith(kind)):
            shown = [_shown((debian, name, tool)) if (debian, name, tool) in found else "" for tool in usual]
            lines.append(f"| `{name.removeprefix(f'{kind}-')}` | {debian} | " + " | ".join(shown) + " |")
    lines += ["", "The numbers are those of the reasons:", ""]
    lines += [f"{number}. `{row['outcome']}`: {row['reason']}" for number, row in enumerate(ROWS, 1)]
    return "\n".join(lines).lstrip()


def _shown(cell: Cell) -> str:
    row = row_of(cell)
    word = expected(cell).split(":")[0]
    return f"{word} ({ROWS.index(row) + 1})" if row else word
