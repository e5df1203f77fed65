"""A guest's memory: bounds, addresses, strings and structs."""

from __future__ import annotations

import struct

import pytest

from stackswitch.errors import GuestMemoryError
from stackswitch.guest.memory import PAGE_BYTES, Memory


class Raw:
    """A memory of bytes that may grow to two pages."""

    def __init__(self, size: int) -> None:
        self.data = bytearray(size)

    def size(self) -> int:
        return len(self.data)

    def read(self, address: int, size: int) -> bytes:
        assert 0 <= address <= address + size <= len(self.data)
        return bytes(self.data[address : address + size])

    def write(self, address: int, data: bytes) -> None:
        assert 0 <= address <= address + len(data) <= len(self.data)
        self.data[address : address + len(data)] = data

    def grow(self, pages: int) -> int | None:
        before = len(self.data) // PAGE_BYTES
        if before + pages > 2:
            return None
        self.data += bytes(pages * PAGE_BYTES)
        return before


def memory(size: int = 64, *, wide: bool = False) -> Memory:
    return Memory(Raw(size), "memory", lambda: None, wide=wide)


class Huge(Raw):
    """4 GiB, of which only the last bytes are there."""

    def __init__(self) -> None:
        super().__init__(0)

    def size(self) -> int:
        return 1 << 32

    def read(self, address: int, size: int) -> bytes:
        return f"{address:#x}+{size}".encode()


def test_a_negative_address_is_the_i32_that_it_came_as() -> None:
    huge = Memory(Huge(), "memory", lambda: None, wide=False)
    assert huge.read(-1, 1) == b"0xffffffff+1"
    assert huge.read(-(1 << 31), 2) == b"0x80000000+2"
    with pytest.raises(GuestMemoryError, match="2 bytes at 0xffffffff are not within"):
        huge.read(-1, 2)
    with pytest.raises(GuestMemoryError):
        huge.read(-(1 << 32) - 1, 1)
    with pytest.raises(GuestMemoryError, match="1 bytes at -0x1 are not within"):
        Memory(Huge(), "memory", lambda: None, wide=True).read(-1, 1)


def test_bounds() -> None:
    its = memory(8)
    assert len(its) == 8
    its.write(6, b"ab")
    assert its.read(6, 2) == b"ab"
    assert its.read(8, 0) == b""
    assert its.read(0, 8) == b"\0" * 6 + b"ab"
    for address, size in ((7, 2), (8, 1), (9, 0), (0, 9), (0, -1)):
        with pytest.raises(GuestMemoryError):
            its.read(address, size)
    with pytest.raises(GuestMemoryError):
        its.write(7, b"xy")
    assert its.read(0, 8) == b"\0" * 6 + b"ab"


def test_strings() -> None:
    its = memory(600)
    assert its.write_string(1, "größe") == 8
    assert its.read_string(1) == "größe"
    assert its.read_string(1, 2) == "gr"
    assert its.read_string(1, 3, errors="replace") == "gr\ufffd"
    with pytest.raises(UnicodeDecodeError):
        its.read_string(1, 3)
    its.write_string(40, "x" * 500)
    assert its.read_string(40) == "x" * 500
    assert its.write_string(590, "y" * 9, room=10) == 10
    with pytest.raises(GuestMemoryError, match="10 bytes do not fit the 9 at 0x24e"):
        its.write_string(590, "z" * 9, room=9)
    assert its.read_string(590) == "y" * 9
    its.write(590, b"y" * 10)
    with pytest.raises(GuestMemoryError, match="has no end"):
        its.read_string(590)
    with pytest.raises(GuestMemoryError):
        its.write_string(598, "ab")


def test_structs_are_little_endian() -> None:
    its = memory(16)
    assert its.pack("Ih", 1, 0x01020304, -2) == 6
    assert its.read(1, 6) == b"\4\3\2\1\xfe\xff"
    assert its.unpack("<Ih", 1) == (0x01020304, -2)
    with pytest.raises(struct.error):
        its.pack("B", 0, 256)
    with pytest.raises(GuestMemoryError):
        its.unpack("Q", 9)


def test_growing() -> None:
    its = memory(PAGE_BYTES)
    assert its.grow(1) == PAGE_BYTES
    assert len(its) == 2 * PAGE_BYTES
    with pytest.raises(GuestMemoryError, match="may not grow by 1 pages"):
        its.grow(1)


def test_a_closed_guest_is_not_touched() -> None:
    def closed() -> None:
        raise RuntimeError("closed")

    its = Memory(Raw(PAGE_BYTES), "memory", closed, wide=False)
    for use in (lambda: len(its), lambda: its.read(0, 1), lambda: its.write(0, b""), lambda: its.grow(0)):
        with pytest.raises(RuntimeError, match="closed"):
            use()
