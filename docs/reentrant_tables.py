"""Tables of re-entrant builds, from files of ``benchmarks/stress.py`` and ``benchmarks/reentrant.py``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

_DATA = Path(__file__).parent / "data"
_BUILDS = {
    "native": "native",
    "transformed": "transformed",
    "adapters": "adapters of before",
}


def stress() -> str:
    """Return how many calls were wrong."""
    found = _read("stress")
    lines = [
        "| what | engine | seeds | calls | wrong as built | wrong, transformed |",
        "|---|---|---|---|---|---|",
    ]
    rows = {(row["what"], row["engine"], row["build"]): row for row in found["rows"]}
    names = {
        "mixed": f"{found['at_once']} calls at once, of all kinds",
        "sqlite": f"wa-sqlite, {found['sessions']} sessions at once",
    }
    for (what, engine, build), row in rows.items():
        if build == "transformed" and what in names:
            native = rows[what, engine, "native"]
            cells = (names[what], engine, row["seeds"], f"{row['calls']:,}")
            wrong = (f"{native['wrong']:,} of {native['calls']:,}", f"{row['wrong']:,}")
            lines.append(f"| {' | '.join(map(str, cells + wrong))} |")
    lines += ["", "| one instance, 200 calls at once | calls | wrong | memory grew in the second half by |"]
    lines.append("|---|---|---|---|")
    lines += [
        f"| {engine} | {row['calls']:,} | {row['wrong']:,} | {row['grown_bytes']:,} bytes |"
        for (what, engine, _), row in rows.items()
        if what == "memory"
    ]
    return "\n".join(lines)


def costs() -> str:
    """Return what waits, calls and the transform cost."""
    found = _read("reentrant")
    lines = [
        f"{found['engine']}, medians of {found['rounds']} alternating rounds.",
        "",
        f"| ns of CPU | {' | '.join(_BUILDS.values())} | Emscripten's own |",
        f"|---|{'---|' * (len(_BUILDS) + 1)}",
    ]
    for what, costs_ns in found["costs_ns"].items():
        cells = [f"{costs_ns[build]:.1f}" if build in costs_ns else "not measured" for build in _BUILDS]
        lines.append(f"| {what} | {' | '.join(cells)} | cannot be built |")
    lines += [
        "",
        "| transform of | size, bytes | more bytes | CPU, s | memory at most, MB |",
        "|---|---|---|---|---|",
    ]
    lines += [
        f"| {name} | {each['size_bytes']:,} | {each['grown_bytes']:,} | {each['cpu_s']:.2f} |"
        f" {each['most_memory_mb']} |"
        for name, each in found["transforms"].items()
    ]
    return "\n".join(lines)


def _read(name: str) -> Any:
    return json.loads((_DATA / f"{name}.json").read_text("utf-8"))
