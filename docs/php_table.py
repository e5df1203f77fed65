"""What the PHP suite came to, as Markdown, from ``examples/php/results.json``."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parents[1] / "examples" / "php" / "results.json"
BUILDS = {
    "jspi": "JSPI build",
    "shipped": "Asyncify build as shipped",
    "ours": "JSPI build, asyncified by us",
}
_MARKS = {
    "works": "✓",
    "trapped": "✗ crashes",
    "crashed": "✗ crashes",
    "wrong": "✗ silently wrong",
    "hung": "✗ hangs",
}
_SHOWN = 3


def summary() -> str:
    """How many cases came out in which way, and what the shipped build lacks most."""
    results = _read()
    cases: dict[str, dict[str, Any]] = results["cases"]
    runs = [name for name, builds in cases.items() if _ending(builds, "jspi") == "works"]
    lines = [
        "| | engine | works | crashes | silently wrong | hangs | works though names are missing |",
        "|---|---|---|---|---|---|---|",
    ]
    for build, title in BUILDS.items():
        ended = Counter(_ending(builds, build) for builds in cases.values())
        lucky = sum(
            _ending(each, build) == "works" and "lacks" in each.get(build, {}) for each in cases.values()
        )
        crashes = ended["trapped"] + ended["crashed"]
        lines.append(
            f"| {title} | {results['engines'].get(build, '')} | {ended['works']} | {crashes}"
            f" | {ended['wrong']} | {ended['hung']} | {lucky} |"
        )
    tried = [name for name in runs if _ending(cases[name], "ours") != "not run"]
    ours = sum(_ending(cases[name], "ours") == "works" for name in tried)
    lines += ["", f"Of {len(tried)} cases that run on the JSPI build, {ours} run on ours."]
    if left := len(runs) - len(tried):
        lines[-1] += f" {left} more have not been run on it."
    lacking = Counter(
        results["names"][at]
        for builds in cases.values()
        if _ending(builds, "shipped") != "works"
        for at in builds.get("shipped", {}).get("lacks", [])
    )
    most = ", ".join(f"`{name}` ({count})" for name, count in lacking.most_common(12))
    lines += [
        "",
        f"{len(lacking)} functions are missing from the shipped build in the cases in which it fails."
        f" Most often: {most}.",
    ]
    told = Counter(
        _kind(builds["shipped"]["said"]) for builds in cases.values() if "said" in builds.get("shipped", {})
    )
    lines += [
        "",
        "What its crashes say: " + ", ".join(f"{kind} ({n})" for kind, n in told.most_common()) + ".",
    ]
    return "\n".join(lines)


def table() -> str:
    """Every case by build, a section for each family."""
    results = _read()
    families: dict[str, list[str]] = {}
    for name, builds in results["cases"].items():
        family, _, case = name.partition("/")
        lacks = [results["names"][at] for at in builds.get("shipped", {}).get("lacks", [])]
        more = f" and {len(lacks) - _SHOWN} more" if len(lacks) > _SHOWN else ""
        names = ", ".join(f"`{each}`" for each in lacks[:_SHOWN]) + more
        marks = " | ".join(_MARKS.get(_ending(builds, build), _ending(builds, build)) for build in BUILDS)
        families.setdefault(family, []).append(f"| {case} | {marks} | {names} |")
    lines: list[str] = []
    for family, rows in families.items():
        lines += [
            "",
            f"### {family} ({len(rows)})",
            "",
            "| case | JSPI | shipped | ours | missing in the shipped build |",
        ]
        lines += ["|---|---|---|---|---|", *rows]
    return "\n".join(lines[1:])


def _read() -> dict[str, Any]:
    read: dict[str, Any] = json.loads(RESULTS.read_bytes())
    return read


def _ending(builds: dict[str, Any], build: str) -> str:
    return str(builds.get(build, {}).get("ended", "works"))


def _kind(said: str) -> str:
    """The engine's words, without what differs from run to run."""
    known = (
        "null function or function signature mismatch",
        "memory access out of bounds",
        "table index is out of bounds",
    )
    return next((each for each in (*known, "unreachable") if each in said), "another error")
