"""Files that are a list: a name a line, or a JSON array of names (``-sASYNCIFY_ONLY=@file``)."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from stackswitch.errors import ListFileError
from stackswitch.tools.parsing import json_value

from .elements import Element, Place, Spelling
from .functions import Functions
from .json_text import array_place
from .namelist import shorten
from .plausible import is_plausible
from .source import line_of

_STRING = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)


def json_places(source: str) -> Iterator[Place]:
    """Take a JSON array for the one list that it is; it can only be for emcc.

    :raises ListFileError: it is no array of names
    """
    if not source.lstrip().startswith("["):
        return
    names = _strings(source)
    if names is None:
        raise ListFileError("this begins as a JSON array and is not one of names", line=1)
    inside = source.index("[") + 1, source.rindex("]")
    spans = _STRING.finditer(source)
    elements = tuple(Element(name, *found.span()) for name, found in zip(names, spans, strict=True))
    yield array_place(source, elements, inside, "")


def line_places(
    source: str, *, spelling: Spelling = "binaryen", functions: Functions | None = None
) -> Iterator[Place]:
    """Take a file for a list that has a name on each line.

    :param spelling: who reads the file: Binaryen takes each line as it stands, emcc rewrites some characters
    :param functions: those of the modules that the list is for: one of the names must match one
    :raises ListFileError: a line is no name, or no name is one of the modules'
    """
    matching = {name for name in _names(source) if functions is not None and name in functions}
    odd = _first_odd_line(source, matching)
    if odd is not None:
        line, text = odd
        raise ListFileError(
            f"{text!r} is no function's name: a list has a name on each line, and comments after #", line=line
        )
    place = _lines(source, spelling)
    if functions is not None and place.elements and not matching:
        name = place.elements[0].name
        raise ListFileError(
            f"no line of this file names a function of the module ({shorten(name)} is none): it is not "
            "taken for a list of names",
            line=place.line,
        )
    yield place


def all_plausible(source: str) -> bool:
    """Whether each line of a text can be a name or a comment."""
    return _first_odd_line(source, ()) is None


def _names(source: str) -> Iterator[str]:
    for line in source.split("\n"):
        name = line.strip(" \t\r")
        if name and not name.startswith("#"):
            yield name


def _lines(source: str, spelling: Spelling) -> Place:
    elements = []
    at = 0
    for line in source.split("\n"):
        name = line.strip(" \t\r")
        if name and not name.startswith("#"):
            start = at + line.index(name)
            elements.append(Element(name, start, start + len(name)))
        at += len(line) + 1
    line_end = "\r\n" if "\r\n" in source else "\n"
    ended = not source or source.endswith("\n")
    return Place(
        format="list, a name a line",
        variable="",
        line=line_of(source, elements[0].start) if elements else 1,
        elements=tuple(elements),
        spelling=spelling,
        start=0,
        end=len(source),
        at=len(source),
        render=lambda name, like: name if like or ended else line_end + name,
        gap=line_end,
        tail=line_end if ended else "",
    )


def _strings(source: str) -> list[str] | None:
    try:
        parsed = json_value(source)
    except ValueError:
        return None
    return parsed if isinstance(parsed, list) and all(isinstance(each, str) for each in parsed) else None


def _first_odd_line(source: str, known: Collection[str]) -> tuple[int, str] | None:
    """Find the first line that can be neither a name nor a comment: its number and the line.

    :param known: lines that are names for certain
    """
    if _is_json_object(source):
        return 1, source.strip()[:80]
    for number, line in enumerate(source.split("\n"), 1):
        name = line.strip(" \t\r")
        if name and not name.startswith("#") and name not in known and not is_plausible(name):
            return number, name[:80]
    return None


def _is_json_object(source: str) -> bool:
    try:
        return source.lstrip().startswith("{") and isinstance(json_value(source), dict)
    except ValueError:
        return False
