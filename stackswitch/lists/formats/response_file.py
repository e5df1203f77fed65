"""Files that are a list: a name a line (``-sASYNCIFY_ONLY=@file``)."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from stackswitch.errors import ListFileError
from stackswitch.tools.parsing import json_value

from ..elements import Element, ListInFile, Spelling
from ..function_names import may_be_name
from ..functions import Functions
from ..namelist import shorten
from ..source import line_of


def line_list(
    source: str, *, spelling: Spelling = "binaryen", functions: Functions | None = None
) -> ListInFile:
    """Return the list in a file that has a name on each line.

    :param spelling: who reads the file: Binaryen takes each line as it stands, emcc rewrites some characters
    :param functions: those of the modules that the list is for: one of the names must match one
    :raises ListFileError: a line is no name, or no name is one of the modules'
    """
    elements = tuple(_names(source))
    matching = {each.name for each in elements if functions is not None and each.name in functions}
    odd = _first_odd_line(source, matching)
    if odd is not None:
        line, text = odd
        raise ListFileError(
            f"{text!r} is no function's name: a list has a name on each line, and comments after #", line=line
        )
    first = line_of(source, elements[0].start) if elements else 1
    if functions is not None and elements and not matching:
        raise ListFileError(
            f"no line of this file names a function of the module ({shorten(elements[0].name)} is none): it "
            "is not taken for a list of names",
            line=first,
        )
    line_end = "\r\n" if "\r\n" in source else "\n"
    ended = not source or source.endswith("\n")
    return ListInFile(
        format="list, a name a line",
        variable="",
        line=first,
        elements=elements,
        spelling=spelling,
        start=0,
        end=len(source),
        at=len(source),
        render=lambda name, like: name if like or ended else line_end + name,
        gap=line_end,
        tail=line_end if ended else "",
    )


def may_be_names(source: str) -> bool:
    """Whether each line of a text can be a name or a comment."""
    return _first_odd_line(source, ()) is None


def _names(source: str) -> Iterator[Element]:
    at = 0
    for line in source.split("\n"):
        name = line.strip(" \t\r")
        if name and not name.startswith("#"):
            start = at + line.index(name)
            yield Element(name, start, start + len(name))
        at += len(line) + 1


def _first_odd_line(source: str, known: Collection[str]) -> tuple[int, str] | None:
    """Find the first line that can be neither a name nor a comment: its number and the line.

    :param known: lines that are names for certain
    """
    if _is_json_object(source):
        return 1, source.strip()[:80]
    for each in _names(source):
        if each.name not in known and not may_be_name(each.name):
            return line_of(source, each.start), each.name[:80]
    return None


def _is_json_object(source: str) -> bool:
    try:
        return source.lstrip().startswith("{") and isinstance(json_value(source), dict)
    except ValueError:
        return False
