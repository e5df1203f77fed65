"""What a plain build gains over an Asyncify one in size and time, measured in alternating runs on Node."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

from stackswitch.models.readiness import Gain, Measure, Spread, Unit
from stackswitch.tools import watchdog
from stackswitch.tools.paths import wheel_node
from stackswitch.tools.progress import Progress, silent
from stackswitch.tools.scripts import run_script
from stackswitch.wasm.module import parse_module

from .stubs import import_stubs

_TIMEOUT_S = 300.0
_SIZES = (("raw", "size"), ("gzip", "size, gzip 9"), ("brotli", "size, brotli 9"))
_TIMES: tuple[tuple[str, str, Unit, str], ...] = (
    ("compile_ms", "time to compile", "ms", "CPU of all threads, in a process of its own each time"),
    ("started_ms", "time to start", "ms", "the same with an instance made, its imports stubs"),
    ("memory", "memory to compile", "bytes", "resident, beyond that of the process before"),
)


def measure_builds(plain: Path, asyncify: Path, *, rounds: int = 11, progress: Progress = silent) -> Gain:
    """Measure both builds. Blocks.

    :param rounds: how often each is compiled, in alternation
    :raises ToolError: Node does not compile one of them
    """
    stubs = {
        each: json.dumps(import_stubs(parse_module(each.read_bytes()))).encode() for each in (plain, asyncify)
    }
    sizes = [_run(each, stubs[each], "sizes") for each in (plain, asyncify)]
    measures = []
    for key, what in _SIZES:
        ident = "size" if key == "raw" else f"size-{key}"
        measures.append(compared(ident, what, "bytes", [(sizes[0][key], sizes[1][key])]))
    runs: list[tuple[dict[str, float | None], dict[str, float | None]]] = []
    for number in range(rounds):
        progress(f"measuring, round {number + 1} of {rounds}")
        # Each goes first in every other round, so that warming up affects both.
        order = (plain, asyncify) if number % 2 == 0 else (asyncify, plain)
        found = {each: _run(each, stubs[each]) for each in order}
        runs.append((found[plain], found[asyncify]))
    for key, what, unit, note in _TIMES:
        pairs = [(one[key], other[key]) for one, other in runs]
        known = [(one, other) for one, other in pairs if one is not None and other is not None]
        if len(known) == rounds:
            measures.append(compared(key.removesuffix("_ms"), what, unit, known, note))
    version = watchdog.run([str(wheel_node()), "--version"], encoding="utf-8").stdout
    return Gain(
        engine=f"node {version.strip().removeprefix('v')}",
        rounds=rounds,
        how="stackswitch report --against",
        build=f"{_named(plain, asyncify)} (plain, for JSPI) and {_named(asyncify, plain)} (Asyncify).",
        measures=tuple(filter(None, measures)),
    )


def compared(
    ident: str, what: str, unit: Unit, pairs: Sequence[tuple[float, float]], note: str = ""
) -> Measure | None:
    """Compare what was measured in alternating rounds; None: nothing was measured.

    :param pairs: plain and Asyncify, a round each
    """
    ratios = [other / one for one, other in pairs if one]
    if not ratios:
        return None
    return Measure(
        id=ident,
        what=what,
        unit=unit,
        plain=_spread([one for one, _ in pairs]),
        asyncify=_spread([other for _, other in pairs]),
        ratio=_spread(ratios),
        note=note,
    )


def _named(path: Path, other: Path) -> str:
    """Return the file with as many of its folders as distinguish it from the other."""
    parts, others = path.parts[::-1], other.parts[::-1]
    same = next((at for at, (one, two) in enumerate(zip(parts, others, strict=False)) if one != two), 0)
    return "/".join(reversed(parts[: same + 1]))


def _spread(values: list[float]) -> Spread:
    return Spread(low=min(values), median=median(values), high=max(values), count=len(values))


def _run(module: Path, stubs: bytes, *options: str) -> dict[str, Any]:
    problem = f"{module} could not be measured"
    found: dict[str, Any] = run_script(
        "measure.mjs", str(module), *options, stdin=stubs, timeout_s=_TIMEOUT_S, problem=problem
    )
    return found
