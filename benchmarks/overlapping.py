"""Measure calls that overlap on one instance of a C program on JSPI, each with a C stack of its own.

    python benchmarks/overlapping.py [--rounds 7] [--engine node@26]

``overlapping.mjs`` says what is measured.
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
from pathlib import Path

from stackswitch.backends.node.c_stacks import with_c_stacks
from stackswitch.engines.locate import find_engine
from stackswitch.suite import CONFORMANCE_SUITE
from stackswitch.wasm.module import parse_module

GUEST = CONFORMANCE_SUITE / "c-stack" / "cstack-exported.wasm"
EXPORTS = ("rounds", "sized")


def main() -> None:
    """Make the module and run the JavaScript."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", default="7")
    parser.add_argument("--engine")
    options = parser.parse_args()
    engine = find_engine(options.engine)
    stacks = with_c_stacks(parse_module(GUEST.read_bytes()), ["env.wait"], EXPORTS, engine.features)
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "reentrant.wasm"
        made.write_bytes(stacks.wasm)
        script = Path(__file__).with_suffix(".mjs")
        argv = [engine.path, *engine.flags, script, GUEST, made, options.rounds, *stacks.separate]
        subprocess.run(argv, check=True)


if __name__ == "__main__":
    main()
