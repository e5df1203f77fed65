"""Everything that the PHP programs talk to, on loopback: ``python3 servers`` starts it and says where it is.

One line of JSON goes to standard output when all of it is ready: the environment that a program is given.
It all ends when standard input is closed.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
from pathlib import Path

import database
import lines
import mail
import web


async def main() -> int:
    """Serve until standard input ends."""
    with tempfile.TemporaryDirectory(prefix="stackswitch-php-", ignore_cleanup_errors=True) as folder:
        try:
            stored = await database.start(Path(folder))
        except (OSError, RuntimeError) as error:
            print(error, file=sys.stderr)
            return 1
        try:
            letters = mail.Letters()
            http = await asyncio.start_server(web.Site(letters).serve, "127.0.0.1", 0)
            echo = await asyncio.start_server(lines.serve, "127.0.0.1", 0)
            smtp = await asyncio.start_server(letters.serve, "127.0.0.1", 0)
            ready = {
                "HTTP_URL": f"http://127.0.0.1:{_port(http)}",
                "ECHO_PORT": str(_port(echo)),
                "SMTP_PORT": str(_port(smtp)),
                "DB_PORT": str(stored.port),
            }
            print(json.dumps(ready), flush=True)
            await _end_of_input()
        finally:
            await stored.stop()
    return 0


def _port(server: asyncio.Server) -> int:
    return int(server.sockets[0].getsockname()[1])


async def _end_of_input() -> None:
    ended = asyncio.Event()

    def look() -> None:
        if not os.read(0, 4096):
            asyncio.get_running_loop().remove_reader(0)
            ended.set()

    asyncio.get_running_loop().add_reader(0, look)
    await ended.wait()


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
