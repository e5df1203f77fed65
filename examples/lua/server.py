"""Lua scripts behind aiohttp: `python examples/lua/server.py [--backend B] [--port N]`.

    curl http://127.0.0.1:8080/greet/ada

``/greet/NAME`` runs ``greet.lua``; POST any script to ``/run?request=TEXT``.
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

from aiohttp import web

from lua import Lua, ScriptError

GREET = (Path(__file__).parent / "greet.lua").read_text("utf-8")
LATENCY_S = 0.05
_USERS = {"ada": "ada lovelace", "grace": "grace hopper"}
LUA: web.AppKey[Lua] = web.AppKey("lua", Lua)


async def fetch(key: str) -> str | None:
    """Give a value after the time that a database would take."""
    await asyncio.sleep(LATENCY_S)
    kind, _, name = key.partition("/")
    if kind == "visits":
        return str(len(name))
    return _USERS.get(name, f"user {name}" if name.isdigit() else None)


async def greet(request: web.Request) -> web.Response:
    """Run the script that greets."""
    return await _answered(request, GREET, request.match_info["name"])


async def run(request: web.Request) -> web.Response:
    """Run a script that was posted."""
    return await _answered(request, await request.text(), request.query.get("request", ""))


async def _answered(request: web.Request, script: str, text: str) -> web.Response:
    try:
        return web.Response(text=await request.app[LUA].run(script, text))
    except ScriptError as error:
        return web.Response(status=422, text=str(error))


def application(backend: str) -> web.Application:
    """Make the application; its guest is opened when it starts and closed when it ends."""

    async def with_lua(app: web.Application) -> AsyncIterator[None]:
        async with Lua(fetch, backend=backend) as app[LUA]:
            yield

    app = web.Application()
    app.cleanup_ctx.append(with_lua)
    app.add_routes([web.get("/greet/{name}", greet), web.post("/run", run)])
    return app


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--backend", default="auto")
    parser.add_argument("--port", type=int, default=8080)
    options = parser.parse_args()
    web.run_app(application(options.backend), host="127.0.0.1", port=options.port)
