"""Lists where they live: found by looking at the file, read, and edited in place.

Bytes in, bytes out; writing them is the caller's. Whatever is not the list stays byte for byte, and an
edit that changes nothing changes no byte. Every edit is read again before it is handed out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from stackswitch.errors import ListFileError

from .choice import find_places
from .editing import Editor, entries_of
from .elements import Place, Spelling
from .functions import Functions
from .source import decode_file

__all__ = ["Edited", "ListInFile", "edit_list", "edit_list_with_wildcards", "find_lists", "read_list"]

_SEVERAL = re.compile(r"(?!operator\b)[A-Za-z_]\w*(?:[\s;]+[A-Za-z_]\w*)+[\s;]*")
"""Identifiers separated by something else than commas; ``operator new`` is one name."""


@dataclass(frozen=True)
class ListInFile:
    """A list as it stands in a file.

    :ivar format: the kind of file
    :ivar variable: what it is called there; ``""`` where the file is the list
    :ivar line: where it begins, from 1
    :ivar names: as Binaryen gets them (``written``, with emcc's rewriting done)
    :ivar written: as they stand there, quoting undone
    :ivar spelling: who reads the file's names
    :ivar file: the file that has the names instead (``@FILE``)
    :ivar expansions: what it is put together from; it can then only be edited there
    """

    format: str
    variable: str
    line: int
    names: tuple[str, ...]
    written: tuple[str, ...]
    spelling: Spelling
    file: str | None = None
    expansions: tuple[str, ...] = ()


@dataclass(frozen=True)
class Edited:
    """What came of an edit.

    :ivar data: the file's bytes
    :ivar wildcards: by name that the file cannot hold: the entry that matches it and no other function
    """

    data: bytes
    wildcards: Mapping[str, str] = field(default_factory=dict)


def find_lists(
    data: bytes, *, path: str = "", spelling: Spelling = "binaryen", functions: Functions | None = None
) -> tuple[ListInFile, ...]:
    """Find all lists in a file.

    :param path: for messages, and where a name says what kind of file it is (``Makefile``)
    :param spelling: who reads a file that has a name on each line
    :param functions: those of the modules that the list is for: a file that has a name on each line must
        name one of them
    :raises ListFileError: it is no text, holds no list, or one that is malformed
    """
    source, mark = decode_file(data, path)
    return tuple(map(_public, find_places(source, path, spelling, functions, mark=bool(mark))))


def read_list(
    data: bytes,
    variable: str = "ASYNCIFY_ONLY",
    *,
    path: str = "",
    spelling: Spelling = "binaryen",
    functions: Functions | None = None,
) -> ListInFile:
    """Read one list; a file that is a list as a whole is that list whatever the variable.

    :raises ListFileError: no such list, two of that name, one in another file, one put together from others
    """
    source, mark = decode_file(data, path)
    return _public(_one(find_places(source, path, spelling, functions, mark=bool(mark)), variable, path))


def edit_list(
    data: bytes,
    names: Iterable[str],
    variable: str = "ASYNCIFY_ONLY",
    *,
    path: str = "",
    spelling: Spelling = "binaryen",
    functions: Functions | None = None,
) -> bytes:
    """Return the file's bytes with the list holding exactly these names (as Binaryen is to get them).

    Names that stay keep their place and spelling; new ones go where the list's sorting says, or to its end.

    :param functions: those of the modules that the list is for; without them, a file that has a name on
        each line is edited only if a name that is to be in the list is there already
    :raises ListFileError: as ``read_list``; the file is of no kind that is edited; or a name cannot be said
        in it, with the way around
    """
    return _edit(data, names, variable, path, spelling, functions).data


def edit_list_with_wildcards(
    data: bytes,
    names: Iterable[str],
    variable: str = "ASYNCIFY_ONLY",
    *,
    path: str = "",
    spelling: Spelling = "binaryen",
    functions: Functions,
) -> Edited:
    """Edit as ``edit_list`` does; a name that the file cannot hold is replaced by a wildcard.

    It is replaced only if the wildcard matches that function of the modules and no other.

    :raises ListFileError: as ``edit_list``, where there is no such wildcard
    """
    return _edit(data, names, variable, path, spelling, functions, with_wildcards=True)


def _edit(
    data: bytes,
    names: Iterable[str],
    variable: str,
    path: str,
    spelling: Spelling,
    functions: Functions | None,
    *,
    with_wildcards: bool = False,
) -> Edited:
    names = list(dict.fromkeys(names))
    known = functions if functions is not None and functions.known else Functions.of(names)
    source, mark = decode_file(data, path)
    places = find_places(source, path, spelling, known, mark=bool(mark))
    place = _one(places, variable, path)
    _refuse_other_separators(place, known, path)

    def read_again(text: str) -> list[Place]:
        # What was just written is understood to be names.
        return find_places(text, path, spelling, known.with_names(names), mark=bool(mark))

    editor = Editor(source, places, place, path, read_again, lambda found: _one(found, variable, path))
    text, wildcards = editor.edit(names, functions if with_wildcards else None)
    return Edited(data if text == source else mark + text.encode("utf-8"), wildcards)


def _refuse_other_separators(place: Place, functions: Functions, path: str) -> None:
    """Stop where one entry is several names: emcc separates names by commas, and by nothing else.

    :raises ListFileError: with the entry
    """
    if place.spelling != "emscripten":
        return
    for name, entry in zip(place.names, entries_of(place), strict=True):
        if _SEVERAL.fullmatch(name) and entry not in functions:
            raise ListFileError(
                f"{place.variable} has {name!r}, which emcc takes for one name: separate names by commas",
                path=path,
                line=place.line,
            )


def _one(found: Sequence[Place], variable: str, path: str) -> Place:
    wanted = variable.upper()
    named = [place for place in found if place.variable == "" or place.variable.upper() == wanted]
    literal = [place for place in named if not place.expansions]
    if len(literal) == 1:
        place = literal[0]
        if place.file is not None:
            raise ListFileError(
                f"{variable} is not in this file but in {place.file}: give that one",
                path=path,
                line=place.line,
            )
        return place
    if literal:
        lines = ", ".join(str(place.line) for place in literal)
        raise ListFileError(
            f"{variable} stands {len(literal)} times in this file (lines {lines}): which one is meant "
            "cannot be told; leave one of them, or put the names into a file of their own",
            path=path,
            line=literal[1].line,
        )
    if named:
        parts = ", ".join(dict.fromkeys(part for place in named for part in place.expansions))
        raise ListFileError(
            f"{variable} is put together from {parts} here: name the variable that holds the names",
            path=path,
            line=named[0].line,
        )
    there = ", ".join(f"{place.variable} (line {place.line})" for place in found) or "none"
    raise ListFileError(f"no list {variable} in this file; there are: {there}", path=path)


def _public(place: Place) -> ListInFile:
    return ListInFile(
        place.format,
        place.variable,
        place.line,
        entries_of(place),
        place.names,
        place.spelling,
        place.file,
        place.expansions,
    )
