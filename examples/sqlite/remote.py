"""Reads a SQLite database on a web server: SQLite runs in WebAssembly, and gets the pages by HTTP ranges.

    python examples/sqlite/remote.py URL "SELECT …" [--backend B]

SQLite reads its file with an ordinary C call. An ``async def`` answers it, and the event loop goes on.
"""

from __future__ import annotations

import argparse
import asyncio
from collections import OrderedDict
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType

import stackswitch
from aiohttp import ClientSession

MODULE = Path(__file__).parent / "sqlite-http.wasm"
BLOCK_BYTES = 16384
MOST_BLOCKS = 256
INTEGER, FLOAT, TEXT, BLOB, NULL = range(1, 6)
Value = int | float | str | bytes | None
FAILED = 1


class RemoteError(Exception):
    """SQLite or the web server refused."""


class RemoteDatabase:
    """A database on a web server, for reading.

    :param url: of the database file; the server must support ranges
    :ivar requests: how many were sent; :ivar received_bytes: the size of the answers (bytes)
    """

    def __init__(self, url: str, *, backend: str = "auto") -> None:
        self._url = url
        self._backend = backend
        self._size: int | None = None
        self._blocks: OrderedDict[int, bytes] = OrderedDict()
        self._rows: list[list[Value]] = []
        self.requests = self.received_bytes = 0
        self.guest: stackswitch.Guest
        self._session: ClientSession
        self._resources: AsyncExitStack

    async def __aenter__(self) -> RemoteDatabase:
        async with AsyncExitStack() as resources:
            self._session = await resources.enter_async_context(ClientSession())
            opening = stackswitch.open(
                MODULE,
                backend=self._backend,
                wasi=stackswitch.Wasi(),
                imports={
                    "host.size": self._file_size,
                    "host.read": self._read,
                    "host.row": self._row,
                    "host.value": self._value,
                },
            )
            self.guest = await resources.enter_async_context(opening)
            await self.guest.call("_initialize")
            await self._checked(await self.guest.call("open"))
            self._resources = resources.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        await self._resources.aclose()

    async def query(self, sql: str) -> list[list[Value]]:
        """Run a query and return its rows.

        :raises RemoteError: SQLite's own message
        """
        data = sql.encode()
        buffer = await self.guest.call("room", len(data))
        self.guest.memory.write(buffer, data)
        self._rows = []
        try:
            await self._checked(await self.guest.call("query", buffer, len(data)))
        finally:
            await self.guest.call("done", buffer)
        return self._rows

    async def _checked(self, status: int) -> None:
        if status:
            raise RemoteError(self.guest.memory.read_string(await self.guest.call("problem")))

    # What SQLite's C calls.

    async def _file_size(self, _caller: stackswitch.Caller) -> float:
        if self._size is None:
            async with self._session.head(self._url) as answer:
                self.requests += 1
                self._size = int(answer.headers["Content-Length"]) if answer.ok else -1
        return self._size

    async def _read(self, caller: stackswitch.Caller, offset: float, into: int, size: int) -> int:
        at, end = int(offset), int(offset) + size
        found = bytearray()
        while at < end:
            block = await self._block(at // BLOCK_BYTES)
            if block is None:
                return FAILED
            start = at % BLOCK_BYTES
            part = block[start : start + end - at]
            if not part:
                return FAILED
            found += part
            at += len(part)
        caller.memory.write(into, found)
        return 0

    async def _block(self, number: int) -> bytes | None:
        if number not in self._blocks:
            first = number * BLOCK_BYTES
            wanted = {"Range": f"bytes={first}-{first + BLOCK_BYTES - 1}"}
            async with self._session.get(self._url, headers=wanted) as answer:
                self.requests += 1
                if answer.status != 206:
                    return None
                self._blocks[number] = await answer.read()
                self.received_bytes += len(self._blocks[number])
            if len(self._blocks) > MOST_BLOCKS:
                self._blocks.popitem(last=False)
        self._blocks.move_to_end(number)
        return self._blocks[number]

    def _row(self, _caller: stackswitch.Caller, _columns: int) -> None:
        self._rows.append([])

    @stackswitch.reads((1, 2))
    def _value(self, caller: stackswitch.Caller, type_: int, text: int, size: int) -> None:
        data = caller.memory.read(text, size)
        value: Value = None
        if type_ == INTEGER:
            value = int(data)
        elif type_ == FLOAT:
            value = float(data)
        elif type_ == TEXT:
            value = data.decode()
        elif type_ == BLOB:
            value = data
        self._rows[-1].append(value)


async def main(url: str, sql: str, backend: str) -> None:
    async with RemoteDatabase(url, backend=backend) as database:
        for row in await database.query(sql):
            print("|".join("" if value is None else str(value) for value in row))
        print(
            f"{database.requests} requests, {database.received_bytes} bytes"
            f" (backend {database.guest.backend})"
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("url")
    parser.add_argument("sql")
    parser.add_argument("--backend", default="auto")
    options = parser.parse_args()
    asyncio.run(main(options.url, options.sql, options.backend))
