"""What Python executes for one wait: bytecodes and calls of Python's functions, by file.

    python benchmarks/bytecodes.py

A call that waits 8 times is held against one of 4, so that the call itself does not count; the least of many
tries, since wasmtime's clock ticks among them. The sleep alone is asyncio's own part.
"""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import FrameType
from typing import Any

import stackswitch
from stackswitch.bench.guest import WAT
from stackswitch.bench.measurement import imports, return_at_once, sleep_once
from stackswitch.bench.rounds import sleeps

FEW, MANY, TRIES = 4, 8, 80


async def executed(work: Awaitable[object]) -> tuple[Counter[str], Counter[str]]:
    """Return the bytecodes and the calls, by file."""
    bytecodes: Counter[str] = Counter()
    calls: Counter[str] = Counter()

    def trace(frame: FrameType, event: str, _arg: object) -> Any:
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        file = Path(frame.f_code.co_filename)
        name = "asyncio" if file.parent.name == "asyncio" or file.name == "selectors.py" else file.name
        if event == "opcode":
            bytecodes[name] += 1
        elif event == "call":
            calls[name] += 1
        return trace

    task = asyncio.ensure_future(work)
    sys.settrace(trace)
    try:
        await task
    finally:
        sys.settrace(None)
    return bytecodes, calls


async def shown(host: str, work: Callable[[int], Awaitable[object]]) -> None:
    await work(10)
    few = min([await executed(work(FEW)) for _ in range(TRIES)], key=lambda each: sum(each[0].values()))
    many = min([await executed(work(MANY)) for _ in range(TRIES)], key=lambda each: sum(each[0].values()))
    for what, less, more in zip(("bytecodes", "calls"), few, many, strict=True):
        each = {name: round((count - less[name]) / (MANY - FEW)) for name, count in more.items()}
        parts = ", ".join(f"{name} {count}" for name, count in sorted(each.items()) if count)
        print(f"{host}: {sum(each.values())} {what} a wait ({parts})")


async def main() -> None:
    await shown("the sleep alone", sleeps)
    hosts = (
        ("asyncify", "asyncify", sleep_once),
        ("fiber", "fiber", sleep_once),
        ("jspi", "jspi", sleep_once),
        ("jspi, no sleep", "jspi", return_at_once),
    )
    for name, backend, wait in hosts:
        async with await stackswitch.open(WAT, backend=backend, imports=imports(wait)) as guest:
            await shown(name, lambda count, guest=guest: guest.call("run", 1, count))  # type: ignore[misc]


if __name__ == "__main__":
    asyncio.run(main())
