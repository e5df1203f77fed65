"""What a host function in Python costs a guest in Node, and a bare echo: per trip, in alternating rounds.

    python benchmarks/round_trips.py [--rounds N] [--calls]

The clock, CPU time of this process and of Node's (all threads), and how often each waited. By ``--calls``
also the system calls, of which strace slows down the rest. With ``PYTHONPATH`` it measures another checkout.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import signal
import statistics
import subprocess
import tempfile
import time
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

from stackswitch.bench.echo import bare_echo
from stackswitch.bench.measurement import Measurement, return_at_once, run

TRIPS, TRACED = 5000, 2000
Work = Callable[[int], Awaitable[object]]


def used(pid: int) -> tuple[float, int]:
    """Return the CPU time of a process's threads (µs), and how often they waited."""
    cpu, waits = 0.0, 0
    for thread in Path(f"/proc/{pid}/task").iterdir():
        cpu += int((thread / "schedstat").read_text("utf-8").split()[0]) / 1000
        waits += int((thread / "status").read_text("utf-8").split("\nvoluntary_ctxt_switches:")[1].split()[0])
    return cpu, waits


async def measured(work: Work, pid: int) -> list[float]:
    """Return per trip: the clock, CPU time of both, Python's, Node's, and how often each waited."""
    before, began = [used(os.getpid()), used(pid)], time.perf_counter()
    await work(TRIPS)
    clock = (time.perf_counter() - began) * 1e6
    python, node = (
        [after - at for after, at in zip(used(each), past, strict=True)]
        for each, past in zip((os.getpid(), pid), before, strict=True)
    )
    return [each / TRIPS for each in (clock, python[0] + node[0], python[0], node[0], python[1], node[1])]


async def system_calls(work: Work, pid: int) -> str:
    """Return a process's system calls per trip, by strace."""
    with tempfile.NamedTemporaryFile("r", encoding="utf-8") as file:
        strace = subprocess.Popen(  # noqa: ASYNC220 (nothing else runs)
            ["strace", "-f", "-c", "-U", "name,calls", "-p", str(pid), "-o", file.name],
            stderr=subprocess.DEVNULL,
        )
        await asyncio.sleep(1.5)
        await work(TRACED)
        strace.send_signal(signal.SIGINT)
        strace.wait()
        found = re.findall(r"^(\w+)\s+(\d+)$", file.read(), re.MULTILINE)
    calls = {name: int(count) / TRACED for name, count in found if name != "total"}
    return ", ".join(f"{name} {count:.2f}" for name, count in calls.items() if count > 0.05)


async def main(rounds: int, *, calls: bool) -> None:
    measurement = Measurement(["jspi"], rounds, quick=False)
    async with bare_echo() as (echoes, echo), measurement.guests(return_at_once) as guests:
        guest = guests["jspi"]
        trips = partial(run, guest.call, 1)
        child: int = guest._instance.child.stream.pid  # type: ignore[union-attr]
        hosts: dict[str, tuple[Work, int]] = {"a bare echo": (echoes, echo), "jspi": (trips, child)}
        found: dict[str, list[list[float]]] = {name: [] for name in hosts}
        for number in range(-2, rounds):
            for name, (work, pid) in hosts.items():
                row = await measured(work, pid)
                if number >= 0:  # V8 has compiled what it will
                    found[name].append(row)
        print(
            f"{'µs, median of ' + str(rounds):20}   clock     CPU  Python    Node  waits of Python, of Node"
        )
        for name, rows in found.items():
            print(
                f"{name:20}"
                + "".join(f"{statistics.median(column):8.2f}" for column in zip(*rows, strict=True))
            )
        ratios = sorted(ours[0] / echoed[0] for echoed, ours in zip(*found.values(), strict=True))
        print(
            f"bare echoes by the clock: {statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})"
        )
        for name, (work, pid) in hosts.items() if calls else ():
            print(f"{name}, system calls of Python: {await system_calls(work, os.getpid())}")
            print(f"{name}, system calls of Node: {await system_calls(work, pid)}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--calls", action="store_true")
    arguments = parser.parse_args()
    asyncio.run(main(arguments.rounds, calls=arguments.calls))
