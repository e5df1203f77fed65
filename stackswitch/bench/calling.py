"""What calls cost that do not wait: exports, host functions, memory, computing, new instances."""

from __future__ import annotations

import asyncio

from stackswitch.backends.guest_protocol import CallState, GuestModule, OpenRequest
from stackswitch.errors import StackswitchError
from stackswitch.guest.guest import START, Guest
from stackswitch.guest.opening import make_request, open_module
from stackswitch.guest.options import GuestOptions

from .guest import WAT
from .hosts import Found, imports, sleeps_once
from .rounds import Work, alternating, clocks, figures, timed

_MIB = bytes(1 << 20)


async def crossings(found: Found) -> None:
    """Calls without a wait."""
    count = found.count(1000)

    async def calls(guest: Guest) -> None:
        for _ in range(count):
            await guest.call("nothing")

    def called(guest: Guest) -> Work:
        return lambda: timed(calls(guest), count)

    def imported(guest: Guest) -> Work:
        return lambda: timed(guest.call("plain", count), count)

    async with found.guests() as guests:
        for what, work in (("an export that does not wait", called), ("a plain host function", imported)):
            hosts = {name: work(each) for name, each in guests.items()}
            found.figures += figures("call", what, "µs", clocks(await alternating(hosts, found.rounds)))


async def bulk_memory(found: Found) -> None:
    """Bulk memory."""

    async def write_and_read(guest: Guest) -> None:
        guest.memory.write(4096, _MIB)
        guest.memory.read(4096, len(_MIB))

    def moved(guest: Guest) -> Work:
        return lambda: timed(write_and_read(guest), 1)

    async with found.guests() as guests:
        hosts = {name: moved(each) for name, each in guests.items()}
        rounds = clocks(await alternating(hosts, found.rounds))
        found.figures += figures("memory", "1 MiB written and read", "µs", rounds)


async def computing(found: Found) -> None:
    """Code that computes and never waits, instrumented and not."""
    number = 18 if found.quick else 24

    def computed(guest: Guest) -> Work:
        return lambda: timed(guest.call("fib", number), 1)

    async with found.guests() as guests:
        hosts = {name: computed(each) for name, each in guests.items()}
        rounds = clocks(await alternating(hosts, found.rounds))
    against = "fiber" if "fiber" in rounds else None
    found.figures += figures("computing", f"fib({number})", "µs", rounds, against)


async def request_for(wait: object) -> OpenRequest:
    """Return the request to open the guest, for modules of which instances are made."""
    return await make_request(WAT, GuestOptions(imports=imports(wait)))


async def instances(found: Found) -> None:
    """Instances, one after another."""
    count = found.count(200)

    async def lives(module: GuestModule) -> None:
        for _ in range(count):
            instance = await module.instantiate(CallState(START))
            await instance.call("nothing", (), CallState("nothing"))
            await instance.aclose()

    request = await request_for(sleeps_once)
    modules: dict[str, GuestModule] = {}
    try:
        for backend in found.backends:
            try:
                modules[backend], _ = await open_module(request, backend)
            except StackswitchError as error:
                found.skip(backend, error)

        def lived(module: GuestModule) -> Work:
            return lambda: timed(lives(module), count)

        hosts = {name: lived(each) for name, each in modules.items()}
        rounds = clocks(await alternating(hosts, found.rounds))
    finally:
        await asyncio.gather(*(each.aclose() for each in modules.values()))
    found.figures += figures("instance", "made, called, closed", "µs", rounds)
    per_second = {host: [1e6 / each for each in values] for host, values in rounds.items()}
    found.figures += figures("instance", "made, called, closed", "per second", per_second)
