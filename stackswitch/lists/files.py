"""Lists where they live: found by looking at the file, read, and edited in place.

Bytes in, bytes out; writing them is the caller's. Whatever is not the list stays byte for byte, and an
edit that changes nothing changes no byte. Every edit is read again before it is handed out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from stackswitch.errors import ListFileError

from . import cmake, dockerfile, json_text, makefile, response_file, settings_flags, toml
from .elements import Place, Spelling, rewrite
from .emscripten import FILE_ADVICE, rewritten, unspeakable
from .namelist import comma_trouble, shorten
from .ordering import merge
from .source import decode_file
from .wasm_opt_args import FORMAT as ARGUMENT

__all__ = ["ListInFile", "edit_list", "find_lists", "read_list"]


@dataclass(frozen=True)
class _Format:
    name: str
    recognise: Callable[[str, str], bool]
    places: Callable[[str, str], Iterator[Place]]


FORMATS: tuple[_Format, ...] = (
    _Format(toml.FORMAT, toml.recognise, toml.places),
    _Format(json_text.FORMAT, json_text.recognise, json_text.places),
    _Format(dockerfile.FORMAT, dockerfile.recognise, dockerfile.places),
    _Format(cmake.FORMAT, cmake.recognise, cmake.places),
    _Format(makefile.FORMAT, makefile.recognise, makefile.places),
    _Format(settings_flags.FORMAT, settings_flags.recognise, settings_flags.places),
)
"""The formats in which a list is one thing among others, the choosiest first."""


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


def find_lists(data: bytes, *, path: str = "", spelling: Spelling = "binaryen") -> tuple[ListInFile, ...]:
    """Find all lists in a file.

    :param path: for messages, and where a name says what kind of file it is (``Makefile``)
    :param spelling: who reads a file that has a name on each line
    :raises ListFileError: it is no text, holds no list, or one that is malformed
    """
    source = decode_file(data, path)
    return tuple(_public(place) for place in _places(source, path, spelling))


def read_list(
    data: bytes, variable: str = "ASYNCIFY_ONLY", *, path: str = "", spelling: Spelling = "binaryen"
) -> ListInFile:
    """Read one list; a file that is a list as a whole is that list whatever the variable.

    :raises ListFileError: no such list, two of that name, one in another file, one put together from others
    """
    source = decode_file(data, path)
    return _public(_one(_places(source, path, spelling), variable, path))


def edit_list(
    data: bytes,
    names: Iterable[str],
    variable: str = "ASYNCIFY_ONLY",
    *,
    path: str = "",
    spelling: Spelling = "binaryen",
) -> bytes:
    """Return the file's bytes with the list holding exactly these names (as Binaryen is to get them).

    Names that stay keep their place and spelling; new ones go where the list's sorting says, or to its end.

    :raises ListFileError: as ``read_list``; or a name cannot be said in this file, with the way around
    """
    source = decode_file(data, path)
    place = _one(_places(source, path, spelling), variable, path)
    current = _names(place)
    wanted = merge(current, names)
    if tuple(wanted) == current:
        return data
    old = set(current)
    _refuse_unspeakable(place, [name for name in wanted if name not in old], path)
    # An entry that stays keeps the spelling that it has.
    spelled: dict[str, list[str]] = {}
    for name, written in zip(current, place.names, strict=True):
        spelled.setdefault(name, []).append(written)
    written_names = [spelled[name].pop(0) if spelled.get(name) else name for name in wanted]
    edited = rewrite(source, place, written_names)
    _check(edited, place, wanted, path, spelling)
    return edited.encode("utf-8")


def _places(source: str, path: str, spelling: Spelling) -> list[Place]:
    looks_like = [each for each in FORMATS if each.recognise(source, path)]
    for each in looks_like:
        found = list(each.places(source, path))
        if found:
            return found
    if looks_like and not response_file.recognise(source):
        raise ListFileError(
            f"no list of names is set in this {looks_like[0].name} (ASYNCIFY_ONLY and its kin)", path=path
        )
    return list(response_file.places(source, path, spelling=spelling))


def _one(found: Sequence[Place], variable: str, path: str) -> Place:
    named = [place for place in found if place.variable in ("", variable)]
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


def _names(place: Place) -> tuple[str, ...]:
    return tuple(map(rewritten, place.names)) if _is_rewritten(place) else place.names


def _is_rewritten(place: Place) -> bool:
    """Whether emcc rewrites the names: it does so for functions, not for imports and exports."""
    return place.spelling == "emscripten" and not re.match(r"JSPI_|ASYNCIFY_IMPORTS", place.variable)


def _public(place: Place) -> ListInFile:
    return ListInFile(
        place.format,
        place.variable,
        place.line,
        _names(place),
        place.names,
        place.spelling,
        place.file,
        place.expansions,
    )


def _refuse_unspeakable(place: Place, added: Sequence[str], path: str) -> None:
    """Stop where a new name would not get to Binaryen from here.

    :raises ListFileError: with the wildcard that would, and the way around for all
    """
    if _is_rewritten(place):
        lost = [
            f"{shorten(each.name)}: {each.why}; {shorten(each.wildcard)} would match it"
            for each in unspeakable(added)
        ]
        advice = FILE_ADVICE
    elif place.format == ARGUMENT and place.gap == ",":
        lost = [f"{shorten(name)}: {why}" for name, why in comma_trouble(added)]
        advice = "put the names into a file, a name a line, and give wasm-opt …@@FILE"
    else:
        return
    if lost:
        raise ListFileError(
            f"{len(lost)} of the names cannot be given here:\n  "
            + "\n  ".join(lost)
            + f"\n  instead: {advice}",
            path=path,
            line=place.line,
        )


def _check(edited: str, place: Place, wanted: Sequence[str], path: str, spelling: Spelling) -> None:
    """Read the edited text again.

    :raises ListFileError: it does not say what it should
    """
    try:
        again = _one(_places(edited, path, spelling), place.variable, path)
        there = _names(again)
        missing = [name for name in wanted if name not in there] if there != tuple(wanted) else []
        right = not missing and there == tuple(wanted)
    except ListFileError as error:
        missing, right = [str(error)], False
    if not right:
        what = ", ".join(map(shorten, missing)) or "the list, with its quoting,"
        raise ListFileError(
            f"{what} cannot be written here so that it is read back the same ({place.format}); "
            f"instead: {FILE_ADVICE}",
            path=path,
            line=place.line,
        )
