"""Files that are a list: a name a line, or a JSON array of names (``-sASYNCIFY_ONLY=@file``)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from stackswitch.errors import ListFileError

from .elements import Element, Place, Spelling
from .json_text import array_place
from .source import line_of

JSON_FORMAT = "JSON list"
LINES_FORMAT = "list, a name a line"
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_SENTENCE = re.compile(r"[^\s(<:*]+\s+[^\s(<:*]+")


def recognise(source: str, path: str = "") -> bool:
    """Whether the whole of a text is a list of names."""
    del path
    if source.lstrip().startswith("["):
        return _strings(source) is not None
    return _first_odd_line(source) is None


def places(source: str, path: str = "", *, spelling: Spelling = "binaryen") -> Iterator[Place]:
    """Take the file for the one list that it is.

    :param spelling: who reads a file of lines: Binaryen takes each as it stands, emcc rewrites some
        characters; a JSON array can only be for emcc
    :raises ListFileError: it is none
    """
    if source.lstrip().startswith("["):
        names = _strings(source)
        if names is None:
            raise ListFileError("this begins as a JSON array and is not one of names", path=path, line=1)
        inside = source.index("[") + 1
        spans = _STRING.finditer(source)
        elements = tuple(Element(name, *found.span()) for name, found in zip(names, spans, strict=True))
        yield array_place(source, elements, inside, JSON_FORMAT, "")
        return
    odd = _first_odd_line(source)
    if odd is not None:
        line, text = odd
        raise ListFileError(
            f"{text!r} is no function's name: a list has a name on each line, and comments after #",
            path=path,
            line=line,
        )
    yield _lines(source, spelling)


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
        format=LINES_FORMAT,
        variable="",
        line=line_of(source, elements[0].start) if elements else 1,
        elements=tuple(elements),
        spelling=spelling,
        at=len(source),
        render=lambda name, like: name if like or ended else line_end + name,
        gap=line_end,
        tail=line_end if ended else "",
    )


def _strings(source: str) -> list[str] | None:
    try:
        parsed = json.loads(source)
    except ValueError:
        return None
    return parsed if isinstance(parsed, list) and all(isinstance(each, str) for each in parsed) else None


def _first_odd_line(source: str) -> tuple[int, str] | None:
    """Find the first line that can be neither a name nor a comment: its number and the line."""
    if _is_json_object(source):
        return 1, source.strip()[:80]
    for number, line in enumerate(source.split("\n"), 1):
        name = line.strip()
        if not name or name.startswith("#"):
            continue
        if name.endswith((";", "\\", "{", "}\\")) or name in ("}", ")", "]") or _is_sentence(name):
            return number, name[:80]
    return None


def _is_json_object(source: str) -> bool:
    try:
        return source.lstrip().startswith("{") and isinstance(json.loads(source), dict)
    except ValueError:
        return False


def _is_sentence(name: str) -> bool:
    """Whether blanks stand where no name in readable form has any.

    C++ names have them inside brackets, around ``::``, and after words such as ``operator`` and ``thunk to``.
    """
    if " " not in name and "\t" not in name:
        return False
    return (
        not re.search(r"[(<*:\[{&,]|operator |guard variable|thunk", name)
        and _SENTENCE.match(name) is not None
    )
