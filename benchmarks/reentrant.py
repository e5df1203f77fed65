"""What re-entrant builds cost: a wait and a call, native and transformed, and the transform itself.

    python benchmarks/reentrant.py [--rounds 15] [--engine node@26] [MODULE --glue GLUE]

CPU time of Node in nanoseconds, medians of rounds that alternate. With a module: CPU seconds and memory
of its transform.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import tempfile
import time
from pathlib import Path

from wasmtime import wat2wasm

from stackswitch.analysis.boundaries import Boundaries
from stackswitch.engines.targets import engine_program
from stackswitch.tools.paths import wheel_node
from stackswitch.transform.reentrant import ReentrantRequest, make_reentrant
from stackswitch.wasm.module import parse_module

HERE = Path(__file__).parent


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("module", type=Path, nargs="?")
    parser.add_argument("--glue", type=Path)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--engine")
    options = parser.parse_args()
    node = engine_program(options.engine) if options.engine else wheel_node()
    measure_calls(node, options.rounds)
    if options.module is not None and options.glue is not None:
        measure_transform(options.module, options.glue)


def measure_calls(node: object, rounds: int) -> None:
    """Print a table of what waits and calls cost."""
    wasm = bytes(wat2wasm((HERE / "reentrant.wat").read_text("utf-8")))
    request = ReentrantRequest(wasm=wasm, suspend=("env.wait",), promise=("waits", "call"))
    with tempfile.TemporaryDirectory() as folder:
        native, transformed = Path(folder) / "native.wasm", Path(folder) / "transformed.wasm"
        native.write_bytes(wasm)
        transformed.write_bytes(make_reentrant(request).wasm)
        argv = [str(node), HERE / "reentrant.mjs", native, transformed, str(rounds)]
        flagged = [argv[0], "--experimental-wasm-jspi", *argv[1:]]
        done = subprocess.run(flagged, capture_output=True, text=True, check=False)
        if done.returncode:  # engines that have JSPI without the flag reject it
            done = subprocess.run(argv, capture_output=True, text=True, check=True)
    print("| what | native, ns | transformed, ns | more |\n|---|---|---|---|")
    for what, builds in json.loads(done.stdout)["found"].items():
        before, after = builds["native"], builds["transformed"]
        print(f"| {what} | {before:.1f} | {after:.1f} | {after - before:+.1f} |")


def measure_transform(path: Path, glue: Path) -> None:
    """Print what the transform of a module takes."""
    wasm = path.read_bytes()
    started = time.process_time()
    found = Boundaries(parse_module(wasm))
    found.add_glue(glue.read_text("utf-8", "replace"), str(glue))
    request = ReentrantRequest(
        wasm=wasm, suspend=tuple(found.suspend), promise=tuple(found.promise), main_module=True
    )
    result = make_reentrant(request)
    took = time.process_time() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    grown = len(result.wasm) - len(wasm)
    print(f"\n{path.name}: {len(wasm)} bytes, {grown} more, {took:.2f} s of CPU, {peak} MB at most")


if __name__ == "__main__":
    main()
