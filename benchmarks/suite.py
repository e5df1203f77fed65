"""How long the whole suite takes on both backends: cold (nothing cached, Binaryen fetched), then warm.

Usage: python benchmarks/suite.py [--runs N]. Prints wall-clock seconds of the whole command.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5, help="warm runs")
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory(prefix="stackswitch-bench-") as cache:
        cold = timed(cache)
        warm = [timed(cache) for _ in range(runs)]
    print(f"cold: {cold:.1f} s (Binaryen fetched from npm, engines probed, every case instrumented)")
    print(
        f"warm: median {statistics.median(warm):.1f} s, {min(warm):.1f} to {max(warm):.1f} s in {runs} runs"
    )


def timed(cache: str) -> float:
    started = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "stackswitch", "test", "-q"],
        check=True,
        stdout=subprocess.DEVNULL,
        env=os.environ | {"STACKSWITCH_CACHE": cache},
    )
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
