"""What a plain build gains over an Asyncify one: sizes, and what compiling takes, in alternating runs on
Node.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from statistics import median

from stackswitch.errors import ToolError
from stackswitch.models.readiness import Gain, Measure, Spread
from stackswitch.toolcache import Progress, node_shim_dir, silent, wheel_node

_TIMEOUT_S = 300.0
_SIZES = (("raw", "size"), ("gzip", "size, gzip 9"), ("brotli", "size, brotli 9"))
_TIMES = (
    ("compile_ms", "time to compile", "ms", "V8's baseline compiler; a process of its own each time"),
    ("memory", "memory to compile", "bytes", "resident, beyond that of the process before"),
)


def measure_builds(plain: Path, asyncify: Path, *, rounds: int = 7, progress: Progress = silent) -> Gain:
    """Measure both builds. Blocks.

    :param rounds: how often each is compiled, in turn
    :raises ToolError: Node does not compile one of them
    """
    node = wheel_node()
    sizes = [_run(node, each, sizes=True) for each in (plain, asyncify)]
    measures = []
    for key, what in _SIZES:
        one, other = (each[key] for each in sizes)
        ident = "size" if key == "raw" else f"size-{key}"
        exact = [_exact(each) for each in (one, other, other / one)]
        measures.append(
            Measure(id=ident, what=what, unit="bytes", plain=exact[0], asyncify=exact[1], ratio=exact[2])
        )
    runs: list[tuple[dict[str, float], dict[str, float]]] = []
    for number in range(rounds):
        progress(f"measuring, round {number + 1} of {rounds}")
        # Each goes first in every other round: what warms up or wears on hits both.
        order = (plain, asyncify) if number % 2 == 0 else (asyncify, plain)
        found = {each: _run(node, each) for each in order}
        runs.append((found[plain], found[asyncify]))
    for key, what, unit, note in _TIMES:
        ones, others = ([run[at][key] for run in runs] for at in (0, 1))
        ratios = [other / one for one, other in zip(ones, others, strict=True) if one]
        if ratios:
            measures.append(
                Measure.model_validate(
                    {
                        "id": key.removesuffix("_ms"),
                        "what": what,
                        "unit": unit,
                        "plain": _spread(ones),
                        "asyncify": _spread(others),
                        "ratio": _spread(ratios),
                        "note": note,
                    }
                )
            )
    version = subprocess.run([str(node), "--version"], capture_output=True, text=True, check=False).stdout
    return Gain(
        engine=f"node {version.strip().removeprefix('v')}",
        rounds=rounds,
        how="stackswitch report --against",
        build=f"{plain.name} (plain, for JSPI) and {asyncify.name} (Asyncify).",
        measures=tuple(measures),
    )


def _exact(value: float) -> Spread:
    return Spread(low=value, median=value, high=value)


def _spread(values: list[float]) -> Spread:
    return Spread(low=min(values), median=median(values), high=max(values), count=len(values))


def _run(node: Path, module: Path, *, sizes: bool = False) -> dict[str, float]:
    argv = [str(node), str(node_shim_dir() / "measure.mjs"), str(module), *(["sizes"] if sizes else [])]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False)
    try:
        found: dict[str, float] = json.loads(done.stdout)
    except ValueError:
        raise ToolError(
            f"{module} could not be measured", argv=argv, status=done.returncode, stderr=done.stderr
        ) from None
    return found
