"""An SMTP server that keeps what it is sent, by subject, for a program to look at."""

from __future__ import annotations

import asyncio
import contextlib
from email import message_from_bytes


class Letters:
    """The letters received so far: subject to body."""

    def __init__(self) -> None:
        self.bodies: dict[str, str] = {}

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One SMTP session."""

        async def say(answer: str) -> None:
            writer.write(f"{answer}\r\n".encode())
            await writer.drain()

        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            await say("220 loopback ESMTP")
            while line := (await reader.readline()).decode("utf-8", "replace").strip():
                verb = line[:4].upper()
                if verb == "EHLO":
                    await say("250-loopback\r\n250 8BITMIME")
                elif verb == "DATA":
                    await say("354 go on")
                    self._keep((await reader.readuntil(b"\r\n.\r\n"))[:-5])
                    await say("250 kept")
                elif verb == "QUIT":
                    await say("221 bye")
                    break
                else:
                    await say("250 ok")
            writer.close()
            await writer.wait_closed()

    def _keep(self, raw: bytes) -> None:
        letter = message_from_bytes(raw)
        body = letter.get_payload(decode=True)
        text = body.decode("utf-8", "replace") if isinstance(body, bytes) else ""
        self.bodies[str(letter["Subject"])] = text.strip()
