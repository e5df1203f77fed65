"""A TCP server for sockets: says what it was told, a line at a time."""

from __future__ import annotations

import asyncio
import contextlib


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Say each line back; ``slow X``: X, after 20 ms; ``twice X``: in two pieces; ``bye``: and close."""
    with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
        while line := await reader.readline():
            word, _, rest = line.rstrip(b"\r\n").partition(b" ")
            if word == b"slow":
                await asyncio.sleep(0.02)
                writer.write(rest + b"\n")
            elif word == b"twice":
                half = len(rest) // 2
                writer.write(rest[:half])
                await writer.drain()
                await asyncio.sleep(0.01)
                writer.write(rest[half:] + b"\n")
            else:
                writer.write(line)
            await writer.drain()
            if word == b"bye":
                break
        writer.close()
        await writer.wait_closed()
