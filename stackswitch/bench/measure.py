"""Measuring, in alternating rounds through the library's own interface."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import platform
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import wasmtime

from stackswitch import __version__
from stackswitch.backends.library import CallState, LibraryModule, Limits
from stackswitch.engines.locate import find_engine
from stackswitch.errors import EngineError, StackswitchError
from stackswitch.guest.guest import START, Guest
from stackswitch.guest.opening import make_plan, open_guest, open_module
from stackswitch.models.bench import BenchResult, Figure, Ratio
from stackswitch.toolcache import node_shim_dir, npm_package

from .documented import DocumentedHost, instrumented
from .guest import WAT, expected

BACKENDS = ("asyncify", "fiber", "jspi")
DEPTHS = (2, 10, 100, 1000)
ASYNCIFY_WASM = ("asyncify-wasm", "1.2.1")
Work = Callable[[], Awaitable[float]]
"""Does something many times and returns what once took."""
Say = Callable[[str], None]


def figures(
    group: str, case: str, unit: str, rounds: dict[str, list[float]], against: str | None = None
) -> list[Figure]:
    """Make figures of what the rounds gave, by host.

    :param against: the host that the others are held against, round by round
    """
    found = []
    for host, values in rounds.items():
        ratio = None
        if against is not None and host != against and against in rounds:
            each = sorted(one / other for one, other in zip(values, rounds[against], strict=True))
            ratio = Ratio(against=against, median=statistics.median(each), least=each[0], greatest=each[-1])
        found.append(
            Figure(
                group=group,
                case=case,
                host=host,
                unit=unit,
                best=min(values),
                median=statistics.median(values),
                worst=max(values),
                ratio=ratio,
            )
        )
    return found


async def alternating(hosts: dict[str, Work], rounds: int) -> dict[str, list[float]]:
    """Do all in turn, as often as there are rounds, after one round that does not count."""
    found: dict[str, list[float]] = {host: [] for host in hosts}
    for number in range(rounds + 1):
        for host, work in hosts.items():
            value = await work()
            if number:
                found[host].append(value)
    return found


async def timed(work: Awaitable[object], count: int) -> float:
    """Return how long each of so many took (µs)."""
    started = time.perf_counter()
    await work
    return (time.perf_counter() - started) / count * 1e6


async def _sleeps(_caller: object, number: int) -> int:
    await asyncio.sleep(0)
    return number & 1


async def _at_once(_caller: object, number: int) -> int:
    return number & 1


def _plain(_caller: object, number: int) -> int:
    return number


class Bench:
    """A run.

    :param quick: fewer rounds of less, for a first look and for tests
    """

    def __init__(self, backends: Sequence[str], rounds: int, *, quick: bool, say: Say) -> None:
        self._backends = backends
        self._rounds = rounds
        self._quick = quick
        self._say = say
        self._found: list[Figure] = []
        self._skipped: list[str] = []
        self._engines: dict[str, str] = {"wasmtime": version("wasmtime")}

    async def run(self) -> BenchResult:
        """Measure all."""
        load = os.getloadavg()[0]
        parts = (
            self._suspensions, self._native, self._round_trips, self._crossings, self._memory,
            self._instances, self._concurrent, self._computing,
        )  # fmt: skip
        for part in parts:
            self._say((part.__doc__ or "").rstrip("."))
            await part()
        return BenchResult(
            stackswitch=__version__,
            python=platform.python_version(),
            engines=self._engines,
            rounds=self._rounds,
            load_average=round(load, 2),
            figures=tuple(self._found),
            skipped=tuple(self._skipped),
        )

    def _count(self, count: int) -> int:
        return max(10, count // 10) if self._quick else count

    @contextlib.asynccontextmanager
    async def _guests(self, wait: Any = _sleeps, **options: Any) -> AsyncIterator[dict[str, Guest]]:
        async with contextlib.AsyncExitStack() as stack:
            opened = {}
            for backend in self._backends:
                imports = {"env.wait": wait, "env.plain": _plain}
                try:
                    guest = await open_guest(WAT, backend=backend, imports=imports, **options)
                except StackswitchError as error:
                    self._skipped.append(f"{backend}: {str(error).splitlines()[0]}")
                    continue
                opened[backend] = await stack.enter_async_context(guest)
                self._engines[backend] = guest.engine
            yield opened

    async def _suspensions(self) -> None:
        """A suspension by depth."""
        documented = DocumentedHost(await instrumented(WAT))
        async with self._guests() as guests:
            for depth in DEPTHS:
                count = self._count(200 if depth == 1000 else 2000)

                def calling(run: Callable[[int, int], Awaitable[int]], depth: int, count: int) -> Work:
                    async def work() -> float:
                        async def checked() -> None:
                            if await run(depth, count) != expected(count):
                                raise EngineError("a guest of the benchmark returned a wrong sum")

                        return await timed(checked(), count)

                    return work

                async def sleeping(count: int = count) -> float:
                    async def sleeps() -> None:
                        for _ in range(count):
                            await asyncio.sleep(0)

                    return await timed(sleeps(), count)

                hosts: dict[str, Work] = {"await asyncio.sleep(0)": sleeping}
                for name, guest in guests.items():
                    hosts[name] = calling(_run_of(guest), depth, count)
                hosts["wasmtime-py as documented"] = calling(documented.run, depth, self._count(count // 10))
                rounds = await alternating(hosts, self._rounds)
                self._found += figures(
                    "suspension", f"{depth} frames", "µs", rounds, "await asyncio.sleep(0)"
                )
        documented.close()

    async def _native(self) -> None:
        """Suspensions in Node alone."""
        try:
            engine = await asyncio.to_thread(find_engine, None)
        except StackswitchError as error:
            self._skipped.append(f"native JSPI: {str(error).splitlines()[0]}")
            return
        folder = "-"
        try:
            folder = str(await asyncio.to_thread(npm_package, *ASYNCIFY_WASM))
        except StackswitchError as error:
            self._skipped.append(f"{ASYNCIFY_WASM[0]}: {str(error).splitlines()[0]}")
        with tempfile.TemporaryDirectory(prefix="stackswitch-bench-") as name:
            plain, build = Path(name) / "plain.wasm", Path(name) / "build.wasm"
            plain.write_bytes(wasmtime.wat2wasm(WAT))
            build.write_bytes(await instrumented(WAT, own_memory=False))
            argv = [engine.path, *engine.flags, node_shim_dir() / "bench.mjs", plain, build, folder]
            rounds: dict[str, dict[str, list[float]]] = {}
            for _ in range(1 if self._quick else self._rounds):
                done = await asyncio.to_thread(
                    subprocess.run, [*map(str, argv)], capture_output=True, text=True, check=False
                )
                if done.returncode != 0:
                    raise EngineError(f"the benchmark in Node failed:\n{done.stderr.strip()[-2000:]}")
                for host, by_depth in json.loads(done.stdout).items():
                    for depth, value in by_depth.items():
                        rounds.setdefault(depth, {}).setdefault(host, []).append(value)
        for depth, found in rounds.items():
            self._found += figures("suspension in Node", f"{depth} frames", "µs", found, "jspi in Node")

    async def _round_trips(self) -> None:
        """A host function in Python, called from Node, against a bare echo."""
        if "jspi" not in self._backends:
            return
        count = self._count(5000)
        engine = await asyncio.to_thread(find_engine, None)
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        argv = [str(engine.path), str(node_shim_dir() / "echo.mjs"), str(theirs.fileno())]
        child = subprocess.Popen(argv, pass_fds=[theirs.fileno()])  # noqa: ASYNC220 (at once done)
        theirs.close()
        loop = asyncio.get_running_loop()

        async def echoes() -> None:
            await loop.sock_sendall(ours, count.to_bytes(4, "little"))
            while len(await loop.sock_recv(ours, 65536)) > 1:
                await loop.sock_sendall(ours, b"\0" * 21)

        try:
            async with self._guests(_at_once) as guests:
                guest = guests.get("jspi")
                if guest is None:
                    return
                hosts: dict[str, Work] = {
                    "a bare echo": lambda: timed(echoes(), count),
                    "jspi": lambda: timed(guest.call("run", 2, count), count),
                }
                rounds = await alternating(hosts, self._rounds)
        finally:
            ours.close()
            child.wait()
        self._found += figures("round trip to Node", "one i32", "µs", rounds, "a bare echo")

    async def _crossings(self) -> None:
        """Calls without a wait."""
        count = self._count(1000)
        async with self._guests() as guests:

            async def calls(guest: Guest) -> None:
                for _ in range(count):
                    await guest.call("nothing")

            def called(guest: Guest) -> Work:
                return lambda: timed(calls(guest), count)

            def imported(guest: Guest) -> Work:
                return lambda: timed(guest.call("plain", count), count)

            rounds = await alternating({name: called(each) for name, each in guests.items()}, self._rounds)
            self._found += figures("call", "an export that does not wait", "µs", rounds)
            rounds = await alternating({name: imported(each) for name, each in guests.items()}, self._rounds)
            self._found += figures("call", "a plain host function", "µs", rounds)

    async def _memory(self) -> None:
        """Bulk memory."""
        data = bytes(1 << 20)
        async with self._guests() as guests:

            def wrote_and_read(guest: Guest) -> Work:
                async def work() -> None:
                    guest.memory.write(4096, data)
                    guest.memory.read(4096, len(data))

                return lambda: timed(work(), 1)

            hosts = {name: wrote_and_read(each) for name, each in guests.items()}
            rounds = await alternating(hosts, self._rounds)
            self._found += figures("memory", "1 MiB written and read", "µs", rounds)

    async def _instances(self) -> None:
        """Instances."""
        count = self._count(200)
        for backend in self._backends:
            plan = await make_plan(
                WAT,
                imports={"env.wait": _sleeps, "env.plain": _plain},
                wasi=None,
                only=None,
                concurrent=False,
                stacks=False,
                limits=Limits(),
                engine=None,
            )
            try:
                module, _ = await open_module(plan, backend)
            except StackswitchError:
                continue  # told already

            async def calls(module: LibraryModule = module) -> None:
                for _ in range(count):
                    instance = await module.instantiate(CallState(START))
                    await instance.call("nothing", (), CallState("nothing"))
                    await instance.aclose()

            try:
                rounds = await alternating({backend: lambda: timed(calls(), count)}, self._rounds)
            finally:
                await module.aclose()
            self._found += figures("instance", "made, called, closed", "µs", rounds)

    async def _concurrent(self) -> None:
        """Calls set aside at once."""
        for calls in (100,) if self._quick else (1000, 10_000):
            gate = asyncio.Event()

            async def held(_caller: object, number: int, gate: asyncio.Event = gate) -> int:
                await gate.wait()
                return number & 1

            async with self._guests(held, concurrent=True) as guests:
                for name, guest in guests.items():
                    gate.clear()
                    before, started = _resident_kib(), time.perf_counter()
                    tasks = [asyncio.ensure_future(guest.call("run", 10, 1)) for _ in range(calls)]
                    while len(guest.suspended()) < calls:  # noqa: ASYNC110 (what is measured is the loop's)
                        await asyncio.sleep(0.01 if name == "jspi" else 0)
                    kib = (_resident_kib() - before) / calls
                    gate.set()
                    await asyncio.gather(*tasks)
                    took = (time.perf_counter() - started) / calls * 1e6
                    case = f"{calls} calls set aside"
                    self._found += figures("at once", case, "µs", {name: [took]})
                    self._found += figures("at once", case, "KiB each", {name: [kib]})

    async def _computing(self) -> None:
        """Code that computes and never waits, instrumented and not."""
        number = 18 if self._quick else 24
        async with self._guests() as guests:

            def computed(guest: Guest) -> Work:
                return lambda: timed(guest.call("fib", number), 1)

            hosts = {name: computed(each) for name, each in guests.items()}
            rounds = await alternating(hosts, self._rounds)
        against = "fiber" if "fiber" in rounds else None
        self._found += figures("computing", f"fib({number})", "µs", rounds, against)


def _run_of(guest: Guest) -> Callable[[int, int], Awaitable[int]]:
    return lambda depth, count: guest.call("run", depth, count)


def _resident_kib() -> float:
    """Memory of this process; of those of Node, nothing is known here."""
    if sys.platform != "linux":
        return 0.0
    for line in Path("/proc/self/status").read_text("ascii").splitlines():
        if line.startswith("VmRSS:"):
            return float(line.split()[1])
    return 0.0
