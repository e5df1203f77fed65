"""A list found in a file, and how its names are exchanged without any other change.

Every format is reduced to this: names at known offsets of the file, and gaps between them that hold the
separators, line ends, indentation and comments. Names that stay and their gaps are copied. New names are
spelled as their neighbours are.
"""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise
from typing import Literal

from .emscripten import rewritten
from .source import line_of

Spelling = Literal["emscripten", "binaryen"]
"""Who reads the names: emcc, which rewrites some characters, or Binaryen, which takes them as they are."""


@dataclass(frozen=True)
class Element:
    """A name as its reader sees it, and the stretch of the file that spells it, quotes included."""

    name: str
    start: int
    end: int


Render = Callable[[str, Element | None], str]
"""Spells a name as a neighbour is spelled (None: there is no neighbour)."""


@dataclass(frozen=True)
class ListInFile:
    """A list in a file.

    :ivar format: the kind of file, for messages; the table of formats adds it where a reader does not
    :ivar variable: what the list is called there (``ASYNCIFY_ONLY``; ``""`` where the file is the list)
    :ivar line: where it begins, from 1
    :ivar elements: the names, in order
    :ivar spelling: who reads them
    :ivar file: another file that has the names (``@FILE``); then there are no elements
    :ivar expansions: what the list is composed of, where it is no literal; then there are no elements
    :ivar start: offset where the list begins: an edit changes nothing before it
    :ivar end: offset where it ends: an edit changes nothing behind it
    :ivar at: offset where a first name would go
    :ivar render: spells a name
    :ivar gap: what goes between two names where no gap can be copied
    :ivar remarks: a comment after a name on its line is about that name: it goes where the name goes
    :ivar comment: what begins a comment that goes to the line's end
    :ivar emptied: where it is no list any more without names: what to write, and between which offsets
    :ivar tail: what must follow a last name, where the first ever is put in (a line's end)
    """

    variable: str
    line: int
    elements: tuple[Element, ...]
    spelling: Spelling
    start: int
    end: int
    at: int
    render: Render = field(repr=False, compare=False)
    format: str = ""
    file: str | None = None
    expansions: tuple[str, ...] = ()
    gap: str = ","
    tail: str = ""
    remarks: bool = False
    comment: str = "#"
    emptied: tuple[int, int, str] | None = None

    @property
    def written(self) -> tuple[str, ...]:
        """The names as written, quoting undone."""
        return tuple(element.name for element in self.elements)

    @cached_property
    def is_rewritten(self) -> bool:
        """Whether emcc rewrites the names: it does so for functions, not for imports and exports."""
        return self.spelling == "emscripten" and not re.match(r"JSPI_|ASYNCIFY_IMPORTS", self.variable)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names as Binaryen gets them."""
        return tuple(map(rewritten, self.written)) if self.is_rewritten else self.written


def array_list(
    source: str,
    variable: str,
    elements: Sequence[Element],
    inside: tuple[int, int],
    render: Render,
    *,
    spelling: Spelling = "emscripten",
    expansions: tuple[str, ...] = (),
    comment: str = "#",
    format_: str = "",
) -> ListInFile:
    """Return the list in an array of strings.

    :param inside: the offsets behind the opening bracket and before the closing one
    """
    return ListInFile(
        format=format_,
        variable=variable,
        line=line_of(source, inside[0]),
        elements=() if expansions else tuple(elements),
        spelling=spelling,
        start=inside[0],
        end=inside[1],
        at=inside[0],
        render=render,
        expansions=expansions,
        gap=", ",
        remarks=True,
        comment=comment,
    )


def rewrite(source: str, place: ListInFile, names: Sequence[str]) -> str:
    """Replace the names of a list by these, in the order given.

    Old names that stay in order keep their spelling, their gaps and their comments.

    :param source: the text in which the list was found
    """
    if tuple(names) == place.written:
        return source
    if not place.elements:
        new = place.gap.join([place.render(name, None) for name in names])
        return source[: place.at] + new + place.tail + source[place.at :]
    if not names and place.emptied is not None:
        start, end, text = place.emptied
        return source[:start] + text + source[end:]
    return _Rewriter(source, place).run(names)


@dataclass(frozen=True)
class _Gap:
    """What stands between two names: the rest of a line, whole lines (comments, blank ones), an indentation.

    Without a line's end all is ``rest``.
    """

    rest: str
    lines: str = ""
    indent: str = ""
    breaks: bool = False

    @classmethod
    def of(cls, text: str) -> _Gap:
        first, last = text.find("\n") + 1, text.rfind("\n") + 1
        if not first:
            return cls(text)
        return cls(text[:first], text[first:last], text[last:], breaks=True)

    @property
    def text(self) -> str:
        return self.rest + self.lines + self.indent

    def plain(self, comment: str) -> bool:
        """Whether it separates and says nothing."""
        return not self.lines and comment not in self.rest

    def then(self, other: _Gap) -> _Gap:
        """Return the gap that is left when the name between two gaps goes."""
        if self.breaks:
            return replace(self, lines=self.lines + other.lines)
        return other if other.breaks else self


class _Rewriter:
    def __init__(self, source: str, place: ListInFile) -> None:
        self.source = source
        self.place = place
        self.elements = place.elements
        self.head = source[: self.elements[0].start]
        tail = source[self.elements[-1].end :]
        comma = re.match(r"[ \t]*,", tail)
        self.comment = re.compile(rf"[ \t]*{re.escape(place.comment)}[^\r\n]*")
        remark = self.comment.match(tail, comma.end() if comma else 0)
        self.comma = comma[0] if comma else ""
        self.remark = remark[0] if remark and place.remarks else ""
        self.tail = tail[len(self.comma + self.remark) :]
        pairs = pairwise(self.elements)
        self.gaps = [_Gap.of(source[one.end : other.start]) for one, other in pairs]
        self.usual = self._usual()

    def _usual(self) -> _Gap:
        plain = Counter(gap.text for gap in self.gaps if gap.plain(self.place.comment))
        if plain:
            return _Gap.of(max(plain, key=plain.__getitem__))
        start = self.head.rfind("\n") + 1
        line_end = "\r\n" if self.head[:start].endswith("\r\n") else "\n"
        if start and "\n" not in self.place.gap and not self.head[start:].strip():
            return _Gap.of(self.place.gap.rstrip() + line_end + self.head[start:])
        return _Gap.of(self.place.gap)

    def run(self, names: Sequence[str]) -> str:
        """Return the whole text with the names exchanged."""
        if not names:
            return self._emptied()
        kept = self._kept(names)
        first = next((old for old in kept if old is not None), None)
        out = [self.head]
        if first is None:
            out.append(self._leading(len(self.elements) - 1))
        elif kept[0] is not None:
            out.append(self._leading(first))
        last: int | None = None
        following = list(kept)
        for at in range(len(kept) - 2, -1, -1):
            if following[at] is None:
                following[at] = following[at + 1]
        for at, (name, old) in enumerate(zip(names, kept, strict=True)):
            if at:
                out.append(self._between(kept[at - 1], old, last, following[at]))
            if old is not None:
                out.append(self.source[self.elements[old].start : self.elements[old].end])
                last = old
            else:
                near = last if last is not None else first if first is not None else 0
                out.append(self.place.render(name, self.elements[near]))
        out.append(self.comma + self.tail if kept[-1] is None else self._ending(kept[-1]))
        return "".join(out)

    def _kept(self, names: Sequence[str]) -> list[int | None]:
        """By new name: the old element that it is, going forward only."""
        places: dict[str, deque[int]] = {}
        for at, element in enumerate(self.elements):
            places.setdefault(element.name, deque()).append(at)
        reached = -1
        kept: list[int | None] = []
        for name in names:
            left = places.get(name, deque())
            while left and left[0] <= reached:
                left.popleft()
            if left:
                reached = left.popleft()
                kept.append(reached)
            else:
                kept.append(None)
        return kept

    def _joined(self, start: int, end: int) -> _Gap:
        """Return what is left between two old elements when those between them go."""
        gap = self.gaps[start]
        for other in self.gaps[start + 1 : end]:
            gap = gap.then(other)
        return gap

    def _between(self, before: int | None, here: int | None, last: int | None, following: int | None) -> str:
        """Return the gap between two names; None for a new one.

        :param last: the last old name before the gap
        :param following: the first old name behind it
        """
        usual = self.usual
        if before is not None and here is not None:
            return self._joined(before, here).text
        if before is not None:  # a new name after an old one
            if following is None:
                end = len(self.elements) - 1
                if before < end:
                    return self._joined(before, end).text
                line_end = len(usual.rest.rstrip("\r\n"))
                return (
                    usual.rest[:line_end] + self.remark + usual.rest[line_end:] + usual.lines + usual.indent
                )
            gap = self._joined(before, following)
            return gap.rest + gap.indent
        if not here:  # a new name, or the first old one, after a new one
            return usual.text
        # An old name after a new one. A remark in the gap is about the name that stood before the gap.
        gap = self._joined(last or 0, here)
        if last is None and not self.place.remarks:
            return gap.text
        return self.comment.sub("", gap.rest) + gap.lines + gap.indent

    def _leading(self, old: int) -> str:
        """Return the comments that stood before the first name that stays."""
        if not old:
            return ""
        gap = self._joined(0, old)
        if not gap.lines.strip():
            return ""
        if not self.head[self.head.rfind("\n") + 1 :].strip():
            return gap.lines.lstrip(" \t") + gap.indent
        return _without_comma(self.usual.rest if self.usual.breaks else gap.rest) + gap.lines + gap.indent

    def _ending(self, last: int) -> str:
        """Return what follows an old name that is the last now: the comments after it, the list's end."""
        end = len(self.elements) - 1
        if last == end:
            return self.comma + self.remark + self.tail
        gap = self._joined(last, end)
        if not gap.lines.strip():
            remark = self.comment.search(gap.rest) if self.place.remarks else None
            return self.comma + (remark[0] if remark else "") + self.tail
        before = gap.rest if self.comma else _without_comma(gap.rest)
        lines = gap.lines
        if re.match(r"[ \t]*\r?\n", self.tail):
            lines = re.sub(r"\r?\n\Z", "", lines)
        return before + lines + self.tail.lstrip(" \t")

    def _emptied(self) -> str:
        """Return the text with a list of no names."""
        head, tail = self.head, self.tail
        lines = "".join(gap.lines for gap in self.gaps)
        start = head.rfind("\n") + 1
        alone = not head[start:].strip() and re.match(r"[ \t]*\r?\n", tail)
        if lines.strip():
            if alone:
                lines = re.sub(r"\r?\n\Z", "", lines)
                return head + (lines.lstrip(" \t") if head[start:] else lines) + tail
            return head + _without_comma(self.gaps[0].rest) + lines + tail
        if alone:
            return head[:start] + tail[alone.end() :]
        return head + tail


def _without_comma(rest: str) -> str:
    return rest.replace(",", "", 1)
