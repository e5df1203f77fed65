"""npm's ``wasm-opt`` as it starts by itself, against the one that stackswitch keeps loaded, on one module.

    python benchmarks/wasm_opt.py MODULE LIST [--rounds 3]

LIST: a name a line (``ASYNCIFY_ONLY``). Both make the same build, byte for byte, or this fails. Seconds
by the clock and of CPU, the least of the rounds, which alternate. Both times have one start of Node in
them: what is kept loaded is started anew for each round.
"""

from __future__ import annotations

import argparse
import asyncio
import resource
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from stackswitch.binaryen.features import module_flags
from stackswitch.binaryen.locate import npm_wasm_opt
from stackswitch.binaryen.node_tool import NodeTool
from stackswitch.tools.paths import wheel_node
from stackswitch.wasm.module import parse_module

_STACK = "--stack-size=3900"


def by_itself(tool: Path, args: list[str], files: dict[str, bytes]) -> bytes:
    """Run it as anyone would."""
    with tempfile.TemporaryDirectory() as folder:
        for name, content in files.items():
            (Path(folder) / name).write_bytes(content)
        subprocess.run([wheel_node(), _STACK, tool, *args], cwd=folder, check=True, capture_output=True)
        return (Path(folder) / "out.wasm").read_bytes()


def kept_loaded(tool: Path, args: list[str], files: dict[str, bytes]) -> bytes:
    """Run it as stackswitch does."""

    async def work() -> bytes:
        warm = NodeTool(tool)
        try:
            run = await warm.run(args, files, ["out.wasm"], timeout_s=600)
            return run.files["out.wasm"]
        finally:
            await warm.aclose()

    return asyncio.run(work())


def timed(work: Callable[[], bytes]) -> tuple[bytes, float, float]:
    """Return what it gave, the seconds it took, and the CPU seconds of its processes."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    result = work()
    took, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    return result, took, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("module", type=Path)
    parser.add_argument("list", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    data = asked.module.read_bytes()
    files = {"in.wasm": data, "only.txt": asked.list.read_bytes()}
    flags = module_flags(parse_module(data))
    args = ["in.wasm", "-o", "out.wasm", *flags, "--asyncify", "--pass-arg=asyncify-onlylist@@only.txt"]
    tool = asyncio.run(npm_wasm_opt(print))
    ways = {"by itself": by_itself, "kept loaded": kept_loaded}
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    builds = set()
    for _ in range(asked.rounds):
        for name, way in ways.items():
            build, clock, cpu = timed(lambda way=way: way(tool, args, files))  # type: ignore[misc]
            builds.add(build)
            found[name].append((clock, cpu))
    if len(builds) != 1:
        raise SystemExit("the builds differ")
    for name, rounds in found.items():
        clocks, cpus = zip(*rounds, strict=True)
        told = ", ".join(f"{clock:.1f}" for clock in clocks)
        print(f"{name}: {min(clocks):.1f} s, {min(cpus):.1f} s of CPU (rounds: {told} s)")
    least = [min(found[name])[0] for name in ways]
    print(f"ratio {least[0] / least[1]:.2f}; the same {len(builds.pop()) / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
