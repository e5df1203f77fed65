"""CPU time of the call graph, ours against ``wasm-opt --print-call-graph``, in one run.

    python benchmarks/callgraph.py MODULE [--wasm-opt COMMAND]... [--rounds 3]

``--wasm-opt`` may be given several times, each a command line (``"node …/bin/wasm-opt"``); the default is the
environment's STACKSWITCH_WASM_OPT, or the wasm-opt on PATH. The rounds are interleaved and the best of
each counts: a noisy machine is then noisy for all. Exits with 1 when ours takes more than a fifth of any.
"""

from __future__ import annotations

import argparse
import gc
import os
import resource
import shlex
import subprocess
import sys
import time
from pathlib import Path

from stackswitch.wasm.callgraph import call_graph
from stackswitch.wasm.module import parse_module

SHARE = 1 / 5
FEATURES = [
    f"--enable-{name}"
    for name in (
        "bulk-memory",
        "exception-handling",
        "multivalue",
        "mutable-globals",
        "nontrapping-float-to-int",
        "reference-types",
        "sign-ext",
        "simd",
    )
]


def ours(module: Path) -> tuple[float, int]:
    gc.collect()
    started = time.process_time()
    graph = call_graph(parse_module(module.read_bytes()))
    spent = time.process_time() - started
    return spent, sum(len(callees) for callees in graph.direct.values())


def theirs(command: str, module: Path) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    argv = [*shlex.split(command), str(module), *FEATURES, "--print-call-graph", "-q"]
    subprocess.run(argv, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def main() -> int:
    parser = argparse.ArgumentParser(description="CPU of the call graph, ours against wasm-opt's")
    parser.add_argument("module", type=Path)
    parser.add_argument("--wasm-opt", action="append")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    commands = options.wasm_opt or [os.environ.get("STACKSWITCH_WASM_OPT", "wasm-opt")]
    best = float("inf")
    others = dict.fromkeys(commands, float("inf"))
    edges = 0
    for _ in range(options.rounds):
        spent, edges = ours(options.module)
        best = min(best, spent)
        for command in commands:
            others[command] = min(others[command], theirs(command, options.module))
    print(f"stackswitch: {best:.3f} s of CPU, {edges} direct edges")
    slow = False
    for command, spent in others.items():
        ratio = best / spent
        slow |= ratio > SHARE
        print(f"{command}: {spent:.3f} s of CPU; ours is {ratio:.3f} of it (at most {SHARE} wanted)")
    return int(slow)


if __name__ == "__main__":
    sys.exit(main())
