"""What a suspension costs: in the library, on the documented host, in Node alone, from Node to Python."""

from __future__ import annotations

import asyncio
import json
from functools import partial
from pathlib import Path

import wasmtime

from stackswitch.engines.locate import find_engine
from stackswitch.errors import EngineError, StackswitchError
from stackswitch.tools import watchdog
from stackswitch.tools.downloads import npm_package
from stackswitch.tools.paths import node_shim_dir

from .documented_host import DocumentedHost, instrumented
from .echo import bare_echo
from .goals import ECHO, goal, suspension_goals
from .guest import DEPTHS, WAT
from .measurement import Measurement, return_at_once, run
from .rounds import (
    CPU,
    DOCUMENTED,
    SLEEP,
    Rounds,
    alternate,
    clocks,
    cpus,
    figures,
    ratio,
    sleeps,
    timed,
)

ASYNCIFY_WASM = ("asyncify-wasm", "1.2.1")
_COUNT = 2000
"""Suspensions in one call: so many that the call itself, with up to a thousand frames, does not matter."""


async def suspensions(measurement: Measurement) -> None:
    """A suspension by depth."""
    documented = DocumentedHost(await instrumented(WAT))
    by_depth: dict[int, Rounds] = {}
    few = measurement.count(_COUNT // 10)
    async with measurement.guests() as guests:
        for depth in DEPTHS:
            hosts = {SLEEP: timed(partial(sleeps, _COUNT), _COUNT)}
            for name, guest in guests.items():
                hosts[name] = timed(partial(run, guest.call, depth, _COUNT), _COUNT)
            hosts[DOCUMENTED] = timed(partial(run, documented.call, depth, few), few)
            by_depth[depth] = await alternate(hosts, measurement.rounds)
            measurement.figures += figures("suspension", _frames(depth), "µs", clocks(by_depth[depth]), SLEEP)
    documented.close()
    for depth, rounds in by_depth.items():
        here = {host: timings for host, timings in rounds.items() if host != "jspi"}
        measurement.figures += figures(CPU, _frames(depth), "µs", cpus(here), SLEEP)
    measurement.goals += suspension_goals(by_depth)


def _frames(depth: int | str) -> str:
    return f"{depth} frame" + ("s" if int(depth) != 1 else "")


async def in_node(measurement: Measurement) -> None:
    """Suspensions in Node alone."""
    try:
        engine = await asyncio.to_thread(find_engine, None)
    except StackswitchError as error:
        measurement.skip("native JSPI", error)
        return
    folder = "-"
    try:
        folder = str(await asyncio.to_thread(npm_package, *ASYNCIFY_WASM))
    except StackswitchError as error:
        measurement.skip(ASYNCIFY_WASM[0], error)
    with watchdog.scratch("stackswitch-bench-") as name:
        plain, build = Path(name) / "plain.wasm", Path(name) / "build.wasm"
        plain.write_bytes(wasmtime.wat2wasm(WAT))
        build.write_bytes(await instrumented(WAT, own_memory=False))
        script = node_shim_dir() / "bin" / "bench.mjs"
        argv = [engine.path, *engine.flags, script, plain, build, folder, *DEPTHS]
        rounds: dict[str, dict[str, list[float]]] = {}
        for _ in range(1 if measurement.quick else measurement.rounds):
            done = await asyncio.to_thread(watchdog.run, [*map(str, argv)], encoding="utf-8")
            if done.returncode != 0:
                raise EngineError(f"the benchmark in Node failed:\n{done.stderr.strip()[-2000:]}")
            for host, by_depth in json.loads(done.stdout).items():
                for depth, value in by_depth.items():
                    rounds.setdefault(depth, {}).setdefault(host, []).append(value)
    for depth, values in rounds.items():
        measurement.figures += figures("suspension in Node", _frames(depth), "µs", values, "jspi in Node")


async def round_trips(measurement: Measurement) -> None:
    """A host function in Python, called from Node, against a bare echo."""
    if "jspi" not in measurement.backends:
        return
    count = measurement.count(5000)
    async with bare_echo() as (echoes, _), measurement.guests(return_at_once) as guests:
        guest = guests.get("jspi")
        if guest is None:
            return
        hosts = {
            "a bare echo": timed(partial(echoes, count), count),
            "jspi": timed(partial(run, guest.call, 1, count), count),
        }
        rounds = await measurement.clocks(hosts)
    measurement.figures += figures("round trip to Node", "one i32", "µs", rounds, "a bare echo")
    times = ratio("a bare echo", rounds["jspi"], rounds["a bare echo"])
    measurement.goals.append(goal("jspi, a round trip to Python", "at most", ECHO, times, "bare echoes"))
