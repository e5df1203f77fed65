"""What Lua in a server costs.

    python examples/lua/load.py [--requests 10000] [--at-once 1000] [--backend B]… [--http]

In alternating rounds, so many requests with so many at once:

- ``waits``: the same waits in Python alone, no guest
- ``lua``: the script's own time: it is run as often, one after another; its host functions answer at once
- ``both``: the requests as they are: each waits twice, in C that Lua calls

``both`` over the sum of the other two is the ratio, by the clock; this process's CPU time is shown beside
it. With ``--http`` the requests go to the server through aiohttp, and those of ``waits`` to a handler that
only waits.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any

from lua import Fetch, Lua
from server import GREET, LATENCY_S, fetch

Request = Callable[[int], Awaitable[object]]


async def at_once(request: Request, requests: int, limit: int) -> tuple[float, float]:
    """Make requests, so many under way at any time; return how long they took, and of CPU time (seconds)."""
    numbers = iter(range(requests))

    async def work() -> None:
        for number in numbers:
            await request(number)

    started, used = time.perf_counter(), time.process_time()
    await asyncio.gather(*(work() for _ in range(limit)))
    return time.perf_counter() - started, time.process_time() - used


async def turn(key: str) -> str | None:
    await asyncio.sleep(0)
    kind, _, name = key.partition("/")
    return str(len(name)) if kind == "visits" else f"user {name}"


async def waits(number: int, fetch: Fetch = fetch) -> str:
    await fetch(f"user/{number}")
    await fetch(f"visits/{number}")
    return "done"


async def no_wait(key: str) -> str | None:
    return "user name" if key.startswith("user") else "7"


async def direct(
    backend: str, rounds: int, requests: int, limit: int, fetch: Fetch = fetch
) -> dict[str, Any]:
    async with Lua(fetch, backend=backend) as lua, Lua(no_wait, backend=backend) as ready:
        found: dict[str, list[tuple[float, float]]] = {"waits": [], "lua": [], "both": []}

        async def both(number: int) -> None:
            answer = await lua.run(GREET, str(number))
            if answer != f"Hello USER, visit {len(str(number)) + 1}":
                raise SystemExit(f"wrong answer: {answer}")

        for _ in range(rounds):
            found["waits"].append(await at_once(lambda number: waits(number, fetch), requests, limit))
            found["lua"].append(await at_once(lambda number: ready.run(GREET, str(number)), requests, 1))
            found["both"].append(await at_once(both, requests, limit))
        return told(backend, lua, found, requests)


async def over_http(backend: str, rounds: int, requests: int, limit: int) -> dict[str, Any]:
    from aiohttp import ClientSession, TCPConnector, web
    from server import LUA, application

    async def only_waits(request: web.Request) -> web.Response:
        return web.Response(text=await waits(0))

    app = application(backend)
    app.add_routes([web.get("/waits", only_waits)])
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    found: dict[str, list[tuple[float, float]]] = {"waits": [], "lua": [], "both": []}
    connector = TCPConnector(limit=0)
    async with Lua(no_wait, backend=backend) as ready, ClientSession(connector=connector) as session:

        async def asked(path: str) -> None:
            async with session.get(url + path) as answer:
                if answer.status != 200:
                    raise SystemExit(await answer.text())

        for _ in range(rounds):
            found["waits"].append(await at_once(lambda _: asked("/waits"), requests, limit))
            found["lua"].append(await at_once(lambda number: ready.run(GREET, str(number)), requests, 1))
            found["both"].append(await at_once(lambda number: asked(f"/greet/{number}"), requests, limit))
        result = told(backend, app[LUA], found, requests)
    await runner.cleanup()
    return result


def told(
    backend: str, lua: Lua, found: dict[str, list[tuple[float, float]]], requests: int
) -> dict[str, Any]:
    ratios = sorted(
        both / (pure + script) for (pure, _), (script, _), (both, _) in zip(*found.values(), strict=True)
    )
    middle = {
        name: [statistics.median(each) for each in zip(*times, strict=True)] for name, times in found.items()
    }
    return {
        "backend": lua.guest.backend,
        "engine": lua.guest.engine,
        "requests_per_s": {name: requests / clock for name, (clock, _) in middle.items()},
        "cpu_us_per_request": {name: cpu / requests * 1e6 for name, (_, cpu) in middle.items()},
        "ratio": {"median": statistics.median(ratios), "least": ratios[0], "greatest": ratios[-1]},
    }


def vars_of(options: argparse.Namespace) -> dict[str, Any]:
    return {"requests": options.requests, "at_once": options.at_once, "rounds": options.rounds}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--at-once", type=int, default=1_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--backend", action="append")
    parser.add_argument("--http", action="store_true")
    parser.add_argument("--turns", action="store_true", help="each wait is a turn of the loop")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    measure = over_http if options.http else partial(direct, fetch=turn) if options.turns else direct
    rows = []
    how = f"{options.requests} requests, {options.at_once} at once"
    each = "one turn of the loop" if options.turns else f"{LATENCY_S * 1000:g} ms"
    print(f"{how}, two waits of {each} in each")
    for backend in options.backend or ("asyncify", "fiber", "jspi"):
        row = asyncio.run(measure(backend, options.rounds, options.requests, options.at_once))
        rows.append(row)
        speed, ratio, cpu = row["requests_per_s"], row["ratio"], row["cpu_us_per_request"]
        print(
            f"{row['backend']:>9} ({row['engine']}): {speed['both']:.0f} requests/s; waits alone"
            f" {speed['waits']:.0f}, Lua alone {speed['lua']:.0f}; both / (waits + Lua) {ratio['median']:.2f}"
            f" ({ratio['least']:.2f} to {ratio['greatest']:.2f}); CPU time of a request"
            f" {cpu['both']:.0f} µs, of its waits {cpu['waits']:.0f}, of its Lua {cpu['lua']:.0f}"
        )
    if options.json is not None:
        options.json.write_text(
            json.dumps({"schema_version": 1, **vars_of(options), "rows": rows}, indent=2) + "\n", "utf-8"
        )


if __name__ == "__main__":
    sys.exit(main())
