"""Run the shim's own tests with node's test runner.

Usage: python tests/shim.py [ENGINE…], engines as ``stackswitch test --engine`` takes them (default: the one
that the jspi backend would use). Exits with 1 if a test fails on one of them.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from stackswitch.engines.locate import find_engine
from stackswitch.errors import StackswitchError

TESTS = Path(__file__).parents[1] / "node_shim" / "test"


def main(specs: list[str]) -> int:
    """Run the tests on each engine; return the exit status."""
    status = 0
    for spec in specs or [None]:
        try:
            engine = find_engine(spec)
        except StackswitchError as error:
            print(f"{spec or 'node'}: {error}", file=sys.stderr)
            status = 1
            continue
        print(f"--- {engine.kind} {engine.version} {' '.join(engine.flags)}", flush=True)
        command = [engine.path, *engine.flags, "--test", *sorted(TESTS.glob("*.test.mjs"))]
        status |= subprocess.run(command, check=False).returncode != 0
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
