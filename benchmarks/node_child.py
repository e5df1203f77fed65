"""How long a Node child takes to be ready, over bare ``node``; and what a message and a case cost.

python benchmarks/node_child.py [ENGINE] [-n STARTS]
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import subprocess
import time

from wasmtime import wat2wasm

from stackswitch.backends.base import LoadedCase
from stackswitch.backends.node.cases.jspi import JspiBackend, open_jspi
from stackswitch.backends.registry import BackendOptions
from stackswitch.models.case import Case
from stackswitch.transport.connection import Connection
from stackswitch.transport.process import EngineProcess

WAT = """(module (import "env" "wait" (func $wait (result i32)))
  (func (export "main") (result i32) (i32.add (call $wait) (i32.const 1))))"""
MESSAGES, CASES, SUSPENSIONS = 2000, 300, 100_000
LOOP = """(module (import "env" "wait" (func $wait))
  (func (export "main") (param i32)
    (loop $l (call $wait) (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))))"""


def case(wat: str, **fields: object) -> LoadedCase:
    described = {"id": "bench", "why": "bench", "source": "x.wat", "export": "main", **fields}
    return LoadedCase(case=Case.model_validate(described), modules={"main": bytes(wat2wasm(wat))})


async def started(backend: JspiBackend) -> Connection:
    child = Connection(EngineProcess(backend.argv))
    await child.greet()
    return child


async def timed_starts(backend: JspiBackend, count: int) -> tuple[list[float], list[float]]:
    """Bare node and our child, in turn, so that the machine's noise falls on both (ms)."""
    bare, ready = [], []
    for _ in range(count):
        began = time.perf_counter()
        subprocess.run(  # noqa: ASYNC221 (nothing else runs)
            [*backend.argv[:-1], "-e", "0"], check=True
        )
        bare.append((time.perf_counter() - began) * 1000)
        began = time.perf_counter()
        child = await started(backend)
        ready.append((time.perf_counter() - began) * 1000)
        child.close()
    return bare, ready


async def main(engine: str | None, starts: int) -> None:
    backend = await open_jspi(BackendOptions(engine=engine))
    try:
        print(f"node {backend.info.engine_version}")
        bare, ready = await timed_starts(backend, starts)
        print(f"bare node       best {min(bare):6.1f} ms   median {statistics.median(bare):6.1f} ms")
        print(f"child ready     best {min(ready):6.1f} ms   median {statistics.median(ready):6.1f} ms")
        over = statistics.median(ready) - statistics.median(bare)
        print(f"over bare node  best {min(ready) - min(bare):6.1f} ms   median {over:6.1f} ms")

        child = await started(backend)
        await child.request({"type": "ping"})
        began = time.perf_counter()
        for _ in range(MESSAGES):
            await child.request({"type": "ping"})
        print(f"a round trip    {(time.perf_counter() - began) / MESSAGES * 1e6:6.1f} us")
        child.close()

        one = case(WAT, host=[{"import": "env.wait", "suspending": True, "returns": "i32:41"}])
        build = await backend.prepare(one)
        began = time.perf_counter()
        for _ in range(CASES):
            await backend.run(one, build, timeout_s=10)
        print(f"a small case    {(time.perf_counter() - began) / CASES * 1e3:6.2f} ms")

        many = case(
            LOOP, args=[f"i32:{SUSPENSIONS}"], host=[{"import": "env.wait", "suspending": True}], timeout_s=60
        )
        build = await backend.prepare(many)
        seen = await backend.run(many, build, timeout_s=60)
        print(f"a suspension    {seen.duration_ms / SUSPENSIONS * 1e3:6.2f} us, its stack captured")
    finally:
        await backend.aclose()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("engine", nargs="?")
    parser.add_argument("-n", "--starts", type=int, default=15)
    given = parser.parse_args()
    asyncio.run(main(given.engine, given.starts))
