"""A fast walk over instructions: regular expressions that know the length of almost all of them.

They are made from ``instructions.SIGNATURES``, so that all know the same opcodes. A match is a run of
instructions of no interest and the one that ends it: immediates are passed over as such, and a constant
that holds the byte of a call is never taken for one. What an expression cannot measure (a branch table
of 256 targets or more, say), and whatever it does not know, is left to the plain decoder; so bytes that are
no code raise that decoder's error. (The length of numbers is checked here, not their range.)

What follows a run always matches, so the expressions never go back and take linear time. ``_RUN`` bounds
what the engine keeps while it is in a run.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Collection, Iterator
from functools import cache

from .instructions import BR_TABLE, SELECT_TYPED, SIGNATURES, TRY_TABLE, Instruction, read_instruction
from .reader import Reader

_RUN = 50_000
# Never going back, the engine need not remember how: a fifth less time. Python 3.10 has no such quantifier.
_POSSESSIVE = b"+" if sys.version_info >= (3, 11) else b""
_SMALL = rb"[\x00-\x7f]"
_U32 = rb"[\x80-\xff]{0,4}" + _SMALL
_U64 = rb"[\x80-\xff]{0,9}" + _SMALL
_HEAP = rb"(?:\x65.|\x62" + _U32 + rb"|[\x00-\x61\x63\x64\x66-\x7f]|[\x80-\xff]{1,4}" + _SMALL + rb")"
_ALIGN = rb"(?:[\x00-\x3f]|[\x80-\xbf][\x80-\xff]{0,3}" + _SMALL + rb")"
_ALIGN_AND_MEMORY = rb"(?:[\x40-\x7f]|[\xc0-\xff][\x80-\xff]{0,3}" + _SMALL + rb")" + _U32
_BLOCK = rb"(?:[\x63\x64]" + _HEAP + rb"|\x65.|[\x00-\x62\x66-\x7f]|[\x80-\xff]{1,4}" + _SMALL + rb")"
_PATTERNS = {
    "b": _BLOCK,
    "i": _U32,
    "m": rb"(?:" + _ALIGN + rb"|" + _ALIGN_AND_MEMORY + rb")" + _U64,
    "s": _U32,
    "l": _U64,
    "1": rb".",
    "4": rb".{4}",
    "8": rb".{8}",
    "v": rb".{16}",
    "h": _HEAP,
}
"""Immediates as in ``SIGNATURES``; an expression cannot measure the letters that are not here."""
_SHORT = {
    ("i", "s", "l"): _SMALL,
    ("",): b"",
    ("m",): rb"[\x00-\x3f]" + _SMALL,
    ("b",): rb"[\x00-\x62\x66-\x7f]",
}
"""The same where every number is one byte, most frequent first. They are tried before the general ones: that
alone makes the whole a third faster."""


def _byte_class(values: Collection[int]) -> bytes:
    return b"[" + b"".join(b"\\x%02x" % value for value in sorted(values)) + b"]"


def _opcodes(codes: Collection[int]) -> bytes:
    """Return an expression for these opcodes, numbers behind a prefix in any length that LEB128 allows."""
    parts: list[bytes] = []
    plain = [code for code in codes if code < 0x100]
    if plain:
        parts.append(_byte_class(plain))
    if len(plain) == len(codes):
        return parts[0]
    for prefix in sorted({code >> 16 for code in codes} - {0}):
        numbers = [code & 0xFFFF for code in codes if code >> 16 == prefix]
        by_high: dict[int, list[int]] = {}
        for number in numbers:
            by_high.setdefault(number >> 7, []).append(number & 0x7F)
        forms: list[bytes] = []
        for high, lows in sorted(by_high.items()):
            longer = _byte_class([low | 0x80 for low in lows])
            if high == 0:
                forms += [_byte_class(lows), longer + rb"\x80{0,3}\x00"]
            else:
                forms += [longer + b"\\x%02x" % high, longer + b"\\x%02x" % (high | 0x80) + rb"\x80{0,2}\x00"]
        parts.append(b"\\x%02x(?:" % prefix + b"|".join(forms) + b")")
    return b"(?:" + b"|".join(parts) + b")"


def _measured_vectors() -> dict[int, bytes]:
    """Return expressions for instructions that hold a vector, as far as it is short."""
    tables = [b"\\x%02x" % n + _SMALL + b"{%d}" % (n + 1) for n in range(128)]
    tables += [b"\\x%02x(?:" % n + _U32 + b"){%d}" % (n + 1) for n in range(128)]
    tables += [b"\\x%02x\x01(?:" % n + _U32 + b"){%d}" % (n + 1) for n in range(128, 256)]
    clause = rb"(?:[\x00\x01]" + _U32 + _U32 + rb"|[\x02\x03]" + _U32 + rb")"
    clauses = [b"\\x%02x" % n + clause * n for n in range(5)]
    return {
        SELECT_TYPED: rb"\x1c\x01(?:[\x67-\x7f]|[\x63\x64]" + _HEAP + rb")",
        BR_TABLE: rb"\x0e(?:" + b"|".join(tables) + b")",
        TRY_TABLE: rb"\x1f" + _BLOCK + rb"(?:" + b"|".join(clauses) + b")",
    }


def _run(stops: Collection[int]) -> bytes:
    """Return an expression for a run of instructions other than ``stops``."""
    skipped: dict[str, list[int]] = {}
    for code, letters in SIGNATURES.items():
        if code not in stops and all(letter in _PATTERNS for letter in letters):
            skipped.setdefault(letters, []).append(code)
    alternatives: list[bytes] = []
    for signatures, immediates in _SHORT.items():
        codes = [code for letters in signatures for code in skipped.get(letters, []) if code < 0x100]
        if codes:
            alternatives.append(_byte_class(codes) + (immediates or b"+"))
    # Opcodes without a prefix first: an alternative costs little when its first byte's class does not fit.
    for low, high in ((0, 0x100), (0x100, 1 << 32)):
        for letters, all_codes in skipped.items():
            codes = [code for code in all_codes if low <= code < high]
            if codes:
                alternatives.append(_opcodes(codes) + b"".join(_PATTERNS[letter] for letter in letters))
    alternatives += [pattern for code, pattern in _measured_vectors().items() if code not in stops]
    return b"(?:" + b"|".join(alternatives) + b"){0,%d}" % _RUN + _POSSESSIVE


UNREAD = frozenset(bytes([value]) for value in range(256))
"""What a collector finds where it met something that it cannot measure: its whole finding is then void."""


@cache
def compile_collector(collected: frozenset[int]) -> re.Pattern[bytes]:
    """Make the expression whose ``findall`` over code gives the instructions ``collected``, as bytes.

    There are empty finds too, to be left out; and when one of ``UNREAD`` is among the finds, all that is
    found is void, and ``find_instructions`` is to be used.
    """
    by_letters: dict[str, list[int]] = {}
    for code in collected:
        by_letters.setdefault(SIGNATURES[code], []).append(code)
    wanted = [
        _opcodes(codes) + b"".join(_PATTERNS[letter] for letter in letters)
        for letters, codes in by_letters.items()
        if all(letter in _PATTERNS for letter in letters)
    ]
    wanted += [pattern for code, pattern in _measured_vectors().items() if code in collected]
    return re.compile(_run(collected) + b"(" + b"|".join([*wanted, rb"\Z", b"."]) + b")", re.DOTALL)


@cache
def compile_scanner(stops: frozenset[int]) -> re.Pattern[bytes]:
    """Make the expression that matches a run of other instructions than ``stops``, as far as it can."""
    return re.compile(_run(stops), re.DOTALL)


def find_instructions(data: bytes, start: int, end: int, stops: frozenset[int]) -> Iterator[Instruction]:
    """Go over the code between two offsets and read each instruction whose opcode is in ``stops``.

    :raises WasmFormatError: the code is malformed
    """
    scanner = compile_scanner(stops)
    while start < end:
        match = scanner.match(data, start, end)
        if match is not None:
            start = match.end()
        if start >= end:
            return
        instruction = read_instruction(Reader(data, start, end))
        start = instruction.end
        if instruction.opcode in stops:
            yield instruction
