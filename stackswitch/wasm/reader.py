"""A bounded cursor over a module's bytes: it never reads past its end, and says where things went wrong."""

from __future__ import annotations

from stackswitch.errors import WasmFormatError

from . import limits


class Reader:
    """A position in ``data`` that moves on with each read and stays below ``end``.

    :param data: the module
    :param pos: offset of the next byte to read
    :param end: offset that no read may pass
    """

    __slots__ = ("data", "end", "pos")

    def __init__(self, data: bytes, pos: int = 0, end: int | None = None) -> None:
        self.data = data
        self.pos = pos
        self.end = len(data) if end is None else end

    @property
    def left(self) -> int:
        """How many bytes may still be read."""
        return self.end - self.pos

    def fail(self, message: str, offset: int | None = None) -> WasmFormatError:
        """Make the error to raise for something wrong at ``offset`` (default: here)."""
        return WasmFormatError(message, self.pos if offset is None else offset)

    def u8(self) -> int:
        """Read a byte.

        :raises WasmFormatError: nothing is left
        """
        if self.pos >= self.end:
            raise self.fail("unexpected end")
        byte = self.data[self.pos]
        self.pos += 1
        return byte

    def peek(self) -> int:
        """Return the next byte without moving on.

        :raises WasmFormatError: nothing is left
        """
        if self.pos >= self.end:
            raise self.fail("unexpected end")
        return self.data[self.pos]

    def unsigned(self, bits: int) -> int:
        """Read an unsigned LEB128 number of at most ``bits`` bits (and ceil(bits / 7) bytes).

        :raises WasmFormatError: cut short, too long, or too large
        """
        start = self.pos
        value, _ = self._leb128(bits)
        if value >> bits:
            raise self.fail(f"number does not fit {bits} bits", start)
        return value

    def signed(self, bits: int) -> int:
        """Read a signed LEB128 number of at most ``bits`` bits (and ceil(bits / 7) bytes).

        :raises WasmFormatError: cut short, too long, or too large
        """
        start = self.pos
        value, width = self._leb128(bits)
        if value >> (width - 1):
            value -= 1 << width
        if not -(1 << (bits - 1)) <= value < 1 << (bits - 1):
            raise self.fail(f"number does not fit {bits} bits", start)
        return value

    def _leb128(self, bits: int) -> tuple[int, int]:
        """Read the bits of a number, and how many were written."""
        start = self.pos
        value = shift = 0
        while True:
            byte = self.u8()
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value, shift
            if shift >= bits:
                raise self.fail(f"number longer than {bits} bits allow", start)

    def u32(self) -> int:
        """Read an unsigned LEB128 number of at most 32 bits.

        :raises WasmFormatError: cut short, too long, or too large
        """
        if self.pos < self.end and (byte := self.data[self.pos]) < 0x80:
            self.pos += 1
            return byte
        return self.unsigned(32)

    def count(self, what: str, limit: int, *, each: int = 1) -> int:
        """Read a vector's length: at most ``limit``, and no more than the bytes left can hold.

        :param each: the fewest bytes an element takes
        :raises WasmFormatError: too many
        """
        start = self.pos
        number = self.u32()
        if number > limit:
            raise self.fail(f"{number} {what}: at most {limit} are allowed", start)
        if number * each > self.left:
            raise self.fail(f"{number} {what} in {self.left} bytes", start)
        return number

    def index(self, what: str, size: int) -> int:
        """Read an index into a space of ``size`` things.

        :raises WasmFormatError: there are not so many
        """
        start = self.pos
        number = self.u32()
        if number >= size:
            raise self.fail(f"{what} {number} does not exist: there are {size}", start)
        return number

    def take(self, size: int) -> bytes:
        """Read ``size`` bytes.

        :raises WasmFormatError: fewer are left
        """
        self.skip(size)
        return self.data[self.pos - size : self.pos]

    def skip(self, size: int) -> None:
        """Move on by ``size`` bytes.

        :raises WasmFormatError: fewer are left
        """
        if size > self.left:
            raise self.fail(f"unexpected end: {size} bytes wanted, {self.left} left")
        self.pos += size

    def sub(self, size: int) -> Reader:
        """Move on by ``size`` bytes and return a reader of just these.

        :raises WasmFormatError: fewer are left
        """
        start = self.pos
        self.skip(size)
        return Reader(self.data, start, self.pos)

    def raw_name(self, limit: int = limits.NAME_BYTES) -> bytes:
        """Read a name, whatever its bytes are.

        :raises WasmFormatError: longer than ``limit`` or than what is left
        """
        return self.take(self.count("bytes of name", limit))

    def name(self) -> str:
        """Read a name that must be UTF-8.

        :raises WasmFormatError: it is not, or is too long
        """
        start = self.pos
        raw = self.raw_name()
        try:
            return raw.decode("utf-8")
        except UnicodeDecodeError:
            raise self.fail("name is not UTF-8", start) from None

    def expect_end(self, what: str) -> None:
        """Check that all was read.

        :raises WasmFormatError: something is left
        """
        if self.pos != self.end:
            raise self.fail(f"{self.left} bytes too many in {what}")
