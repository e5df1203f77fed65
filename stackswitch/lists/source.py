"""Text whose every character knows where in the file it stands, whatever layers of quoting lie between."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from stackswitch.errors import ListFileError

Encoder = Callable[[int, str], str]
"""Spell text so that it can be put before the character with that number (see ``DecodedText.encode``)."""


EXPANSION = "\ufdd0"
"""Stands in decoded text for what is filled in later (``$NAME``, ``$(…)``). No text has this character."""


Segments = Mapping[tuple[int, int], tuple[int, int]]
"""Quoted stretches: from which character to which, and the offsets in the file, quotes included."""


@dataclass(frozen=True)
class DecodedText:
    """Decoded characters and the stretch of the file that each came from.

    :ivar chars: the characters, escapes and quoting undone
    :ivar starts: by character, the offset in the file's text where its spelling begins
    :ivar ends: where it ends
    :ivar source: the file's text
    :ivar encode: how new text has to be spelled in the file before a given character
    :ivar segments: quoted stretches
    :ivar limit: the offset in the file behind the last character
    """

    chars: str
    starts: Sequence[int]
    ends: Sequence[int]
    source: str = field(repr=False)
    encode: Encoder = field(default=lambda _at, text: text, repr=False)
    segments: Segments = field(default_factory=dict)
    limit: int = 0

    @classmethod
    def of(cls, source: str) -> DecodedText:
        """Take a file's text as it is."""
        return cls(source, range(len(source)), range(1, len(source) + 1), source, limit=len(source))

    @classmethod
    def empty(cls, source: str, at: int) -> DecodedText:
        """Return no characters, at an offset."""
        return cls("", [], [], source, limit=at)

    @classmethod
    def gather(cls, source: str, at: Sequence[int]) -> DecodedText:
        """Take the characters at some offsets of a file's text."""
        ends = [each + 1 for each in at]
        return cls("".join([source[each] for each in at]), at, ends, source, limit=ends[-1] if ends else 0)

    @property
    def expansions(self) -> tuple[str, ...]:
        """What is filled in at run time, as written."""
        return tuple(
            self.source[start:end]
            for char, start, end in zip(self.chars, self.starts, self.ends, strict=True)
            if char == EXPANSION
        )

    def slice(self, start: int, end: int | None = None) -> DecodedText:
        """Return a part of it, by default to the end."""
        end = len(self.chars) if end is None else end
        outer = self.encode
        return DecodedText(
            self.chars[start:end],
            self.starts[start:end],
            self.ends[start:end],
            self.source,
            lambda at, text: outer(at + start, text),
            {
                (first - start, last - start): outer_span
                for (first, last), outer_span in self.segments.items()
                if start <= first and last <= end
            },
            self.place(end),
        )

    def place(self, at: int) -> int:
        """Return the offset in the file before a character; past the last one, behind it."""
        return self.starts[at] if at < len(self.starts) else self.limit

    def error(self, message: str, at: int = 0) -> ListFileError:
        """Return an error in the line of a character."""
        return ListFileError(message, line=line_of(self.source, self.place(at)))

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return the stretch of the file that holds the characters, with the quotes around just these."""
        whole = self.segments.get((start, end))
        if whole:
            return whole
        begin, stop = self.starts[start], self.ends[end - 1]
        beginning, ending = self._quotes
        for last, opening, _ in beginning.get(start, ()):
            if start < last <= end:
                begin = min(begin, opening)
        for first, _, closing in ending.get(end, ()):
            if start <= first < end:
                stop = max(stop, closing)
        # A shell's spelling of a single quote begins and ends with quotes around nothing.
        for last, opening, closing in reversed(beginning.get(start, ())):
            if last == start and closing == begin:
                begin = opening
        for first, opening, closing in ending.get(end, ()):
            if first == end and opening == stop:
                stop = closing
        return begin, stop

    @cached_property
    def _quotes(self) -> tuple[dict[int, list[tuple[int, int, int]]], dict[int, list[tuple[int, int, int]]]]:
        """Quoted stretches by their first character, and by the one behind their last."""
        beginning: dict[int, list[tuple[int, int, int]]] = {}
        ending: dict[int, list[tuple[int, int, int]]] = {}
        for (first, last), (opening, closing) in self.segments.items():
            beginning.setdefault(first, []).append((last, opening, closing))
            ending.setdefault(last, []).append((first, opening, closing))
        return beginning, ending


class TextBuilder:
    """Collects decoded characters, each with the stretch of the file that spells it.

    :param source: the file's text
    """

    def __init__(self, source: str) -> None:
        self.source = source
        self.chars: list[str] = []
        self.starts: list[int] = []
        self.ends: list[int] = []

    def take(self, chars: str, start: int, end: int) -> None:
        """Add what a stretch stands for."""
        for char in chars:
            self.chars.append(char)
            self.starts.append(start)
            self.ends.append(end)

    def text(self, encode: Encoder, limit: int, segments: Segments | None = None) -> DecodedText:
        """Return the text (see ``DecodedText``)."""
        return DecodedText(
            "".join(self.chars), self.starts, self.ends, self.source, encode, segments or {}, limit
        )


def decode_file(data: bytes, path: str = "") -> tuple[str, bytes]:
    """Take a file's bytes for text, and its byte order mark, if it has one.

    :raises ListFileError: it is binary or not UTF-8
    """
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise ListFileError("this is UTF-16 text: save the file as UTF-8", path=path, line=1)
    if b"\0" in data:
        at = data.index(b"\0")
        raise ListFileError(
            "this is a binary file, no text with a list in it", path=path, line=_line(data, at)
        )
    mark = codecs.BOM_UTF8 if data.startswith(codecs.BOM_UTF8) else b""
    try:
        source = data[len(mark) :].decode("utf-8")
    except UnicodeDecodeError as error:
        at = len(mark) + error.start
        raise ListFileError(
            f"not UTF-8: byte {data[at]:#04x} at offset {at:#x}; save the file as UTF-8",
            path=path,
            line=_line(data, at),
        ) from None
    if EXPANSION in source:
        raise ListFileError(
            "this text has the character U+FDD0, which Unicode reserves: remove it",
            path=path,
            line=line_of(source, source.index(EXPANSION)),
        )
    return source, mark


def _line(data: bytes, at: int) -> int:
    return data.count(b"\n", 0, at) + 1


def line_of(source: str, at: int) -> int:
    """Return the number of the line (from 1) at an offset."""
    return source.count("\n", 0, at) + 1
