"""Several backends in one process, each with its own engine: what is one engine's must not reach another.

Where it does, wasmtime ends the process; so this runs in a child.
"""

from __future__ import annotations

import subprocess
import sys

SCRIPT = """
import asyncio
from stackswitch.backends.wasmtime.cases.backend import open_asyncify
from stackswitch.suite import CONFORMANCE_SUITE
from stackswitch.suite.loader import load_suite
from stackswitch.suite.runner import run_case

CASES = load_suite(CONFORMANCE_SUITE, ("waits/once", "exceptions/throw-after-resume", "calls/wasi-*")).cases

async def main():
    together = [await open_asyncify(), await open_asyncify()]
    for _ in range(2):
        backend = await open_asyncify()
        for each in (backend, *together):
            for loaded in CASES:
                print((await run_case(loaded, each)).as_expected)
        await backend.aclose()
    for each in together:
        await each.aclose()

asyncio.run(main())
"""


def test_engines_one_after_another_and_side_by_side() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]
    answers = done.stdout.split()
    assert len(answers) > 12
    assert set(answers) == {"True"}
