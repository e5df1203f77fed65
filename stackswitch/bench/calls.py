"""What calls cost that do not suspend: exports, host functions, memory, computing, new instances."""

from __future__ import annotations

import asyncio
from functools import partial

from stackswitch.backends.guest_protocol import CallState, GuestModule, OpenRequest
from stackswitch.errors import StackswitchError
from stackswitch.guest.guest import START, Guest
from stackswitch.guest.opening import make_request, open_module
from stackswitch.guest.options import GuestOptions

from .guest import WAT
from .measurement import Measurement, imports, sleep_once
from .rounds import figures, timed

_MIB = bytes(1 << 20)


async def crossings(measurement: Measurement) -> None:
    """Calls without a wait."""
    count = measurement.count(1000)

    async def call_export(guest: Guest) -> None:
        for _ in range(count):
            await guest.call("nothing")

    async def call_host_function(guest: Guest) -> None:
        await guest.call("plain", count)

    for case, work in (
        ("an export that does not wait", call_export),
        ("a plain host function", call_host_function),
    ):
        measurement.figures += figures("call", case, "µs", await measurement.guest_clocks(work, count))


async def bulk_memory(measurement: Measurement) -> None:
    """Bulk memory."""

    async def write_and_read(guest: Guest) -> None:
        guest.memory.write(4096, _MIB)
        guest.memory.read(4096, len(_MIB))

    rounds = await measurement.guest_clocks(write_and_read)
    measurement.figures += figures("memory", "1 MiB written and read", "µs", rounds)


async def computing(measurement: Measurement) -> None:
    """Code that computes and never waits, instrumented and not."""
    number = 18 if measurement.quick else 24
    rounds = await measurement.guest_clocks(lambda guest: guest.call("fib", number))
    against = "fiber" if "fiber" in rounds else None
    measurement.figures += figures("computing", f"fib({number})", "µs", rounds, against)


async def request_for(wait: object) -> OpenRequest:
    """Return the request to open the guest, for modules that the caller instantiates."""
    return await make_request(WAT, GuestOptions(imports=imports(wait)))


async def instances(measurement: Measurement) -> None:
    """Instances, one after another."""
    count = measurement.count(200)

    async def use_instances(module: GuestModule) -> None:
        for _ in range(count):
            instance = await module.instantiate(CallState(START))
            await instance.call("nothing", (), CallState("nothing"))
            await instance.aclose()

    request = await request_for(sleep_once)
    modules: dict[str, GuestModule] = {}
    try:
        for backend in measurement.backends:
            try:
                modules[backend], _ = await open_module(request, backend)
            except StackswitchError as error:
                measurement.skip(backend, error)
        works = {name: timed(partial(use_instances, each), count) for name, each in modules.items()}
        rounds = await measurement.clocks(works)
    finally:
        await asyncio.gather(*(each.aclose() for each in modules.values()))
    measurement.figures += figures("instance", "made, called, closed", "µs", rounds)
    per_second = {host: [1e6 / each for each in values] for host, values in rounds.items()}
    measurement.figures += figures("instance", "made, called, closed", "per second", per_second)
