"""A bare echo between asyncio and Node, over a socket pair: the least that a round trip to Node takes."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable

from stackswitch.engines.locate import find_engine
from stackswitch.tools import watchdog
from stackswitch.tools.paths import node_shim_dir
from stackswitch.tools.processes import start

Echoes = Callable[[int], Awaitable[None]]
"""Sends so many frames there and back."""


@contextlib.asynccontextmanager
async def bare_echo() -> AsyncIterator[tuple[Echoes, int]]:
    """Start the echo (``node_shim/bin/echo.mjs``); gives what uses it, and its process's id.

    :raises StackswitchError: there is no engine
    """
    engine = await asyncio.to_thread(find_engine, None)
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    argv = [str(engine.path), str(node_shim_dir() / "bin" / "echo.mjs"), str(theirs.fileno())]
    child = start(argv, pass_fds=[theirs.fileno()])
    theirs.close()
    loop = asyncio.get_running_loop()

    async def echoes(count: int) -> None:
        await loop.sock_sendall(ours, count.to_bytes(4, "little"))
        while len(await loop.sock_recv(ours, 65536)) > 1:
            await loop.sock_sendall(ours, b"\0" * 21)

    try:
        yield echoes, child.pid
    finally:
        ours.close()
        child.wait()
        watchdog.unwatch(child.pid)
