"""A guest's linear memory, with checked bounds: bytes, strings, numbers."""

from __future__ import annotations

import struct
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from stackswitch.backends.guest_protocol import RawMemory
from stackswitch.errors import GuestMemoryError

PAGE_BYTES = 65536
_CHUNK_BYTES = 256
_POINTER32 = 1 << 32


@lru_cache(maxsize=512)
def _layout(fields: str) -> struct.Struct:
    return struct.Struct(fields if fields.startswith("<") else "<" + fields)


class Memory:
    """A linear memory. An address counts bytes from 0; a negative one is read as an unsigned i32.

    Every method raises ``GuestStateError`` if the guest is closed.

    :ivar name: the export's
    :ivar wide: whether addresses have 64 bits
    """

    __slots__ = ("_check", "_raw", "name", "wide")

    def __init__(self, raw: RawMemory, name: str, check: Callable[[], object], *, wide: bool) -> None:
        self._raw = raw
        self._check = check
        self.name = name
        self.wide = wide

    def __len__(self) -> int:
        """Return its present size (bytes)."""
        self._check()
        return self._raw.size()

    def _at(self, address: int, size: int) -> int:
        self._check()
        if address < 0 and not self.wide:
            address += _POINTER32
        total = self._raw.size()
        if address < 0 or size < 0 or address + size > total:
            raise GuestMemoryError(
                f"{size} bytes at {address:#x} are not within the {total} bytes of the memory {self.name!r}"
            )
        return address

    def read(self, address: int, size: int) -> bytes:
        """Return a copy of ``size`` bytes.

        :raises GuestMemoryError: they are not within the memory
        """
        return self._raw.read(self._at(address, size), size)

    def write(self, address: int, data: bytes | bytearray | memoryview) -> None:
        """Write bytes.

        :raises GuestMemoryError: they do not fit; nothing was written
        """
        content = bytes(data)
        self._raw.write(self._at(address, len(content)), content)

    def read_string(self, address: int, size: int | None = None, *, errors: str = "strict") -> str:
        """Read UTF-8.

        :param size: of the string (bytes); None: up to the first NUL, as in C
        :param errors: what to do with bytes that are not UTF-8, as in ``bytes.decode``
        :raises GuestMemoryError: it is not within the memory, or has no NUL there
        :raises UnicodeDecodeError: it is not UTF-8, and ``errors`` is ``strict``
        """
        if size is not None:
            return self.read(address, size).decode("utf-8", errors)
        at = self._at(address, 0)
        found, end = bytearray(), self._raw.size()
        while at < end:
            chunk = self._raw.read(at, min(_CHUNK_BYTES, end - at))
            stop = chunk.find(0)
            if stop >= 0:
                return (found + chunk[:stop]).decode("utf-8", errors)
            found += chunk
            at += len(chunk)
        raise GuestMemoryError(f"the string at {address:#x} has no end in the memory {self.name!r}")

    def write_string(self, address: int, text: str, room: int | None = None) -> int:
        """Write a string as UTF-8, and a NUL.

        :param room: how many bytes may be written, the NUL included; None: no limit
        :returns: how many bytes were written, the NUL included
        :raises GuestMemoryError: it does not fit; nothing was written
        """
        data = text.encode() + b"\0"
        if room is not None and len(data) > room:
            raise GuestMemoryError(f"{len(data)} bytes do not fit the {room} at {address:#x}")
        self.write(address, data)
        return len(data)

    def unpack(self, fields: str, address: int) -> tuple[Any, ...]:
        """Read numbers that are laid out as a C struct without padding.

        :param fields: a format of the module ``struct``, always little-endian
        :returns: a number for each field

        :raises GuestMemoryError: they are not within the memory
        """
        layout = _layout(fields)
        return layout.unpack(self.read(address, layout.size))

    def pack(self, fields: str, address: int, *values: Any) -> int:
        """Write numbers (see ``unpack``); return how many bytes were written.

        :raises GuestMemoryError: they do not fit; nothing was written
        :raises struct.error: a value does not fit its field
        """
        data = _layout(fields).pack(*values)
        self.write(address, data)
        return len(data)

    def grow(self, pages: int) -> int:
        """Grow the memory; return the address where the new part begins.

        :param pages: of 64 KiB
        :raises GuestMemoryError: it may not grow so much
        """
        self._check()
        before = self._raw.grow(pages)
        if before is None:
            raise GuestMemoryError(f"the memory {self.name!r} may not grow by {pages} pages")
        return before * PAGE_BYTES
