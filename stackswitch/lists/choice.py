"""What kind of file a list is in: its name decides; where that says nothing, its text."""

from __future__ import annotations

from pathlib import PurePath

from stackswitch.errors import ListFileError

from . import response_file
from .elements import Place, Spelling
from .formats import (
    FORMATS,
    SHELL,
    Format,
    is_foreign,
    may_become_list,
    named_formats,
    reads_as_shell,
    supported,
)
from .functions import Functions


def find_places(
    source: str, path: str, spelling: Spelling, functions: Functions | None = None, *, mark: bool = False
) -> list[Place]:
    """Find the lists of a file.

    :param functions: those of the modules that the list is for, if they are known
    :param mark: the file begins with a byte order mark
    :raises ListFileError: it is of no kind that is edited, holds no list, or one that is malformed
    """
    try:
        if is_foreign(path):
            raise _foreign(f"a file of a kind that no list is edited in ({PurePath(path).name})")
        named = named_formats(path)
        if named:
            return _in_named(source, named, mark=mark)
        return _in_unnamed(source, path, spelling, functions, mark=mark)
    except ListFileError as error:  # what reads a text does not know the file
        raise ListFileError(error.message, path=path, line=error.line) from None


def refuse_new(path: str) -> None:
    """Stop where a new file is to be a list of names, and is called as files of another kind are.

    :raises ListFileError: with what it may be called
    """
    if not may_become_list(path):
        raise ListFileError(
            f"a new list has a name a line, and a file of this name has not: call it list.txt{supported()}",
            path=path,
        )


def _in_named(source: str, named: tuple[Format, ...], *, mark: bool) -> list[Place]:
    """Find the lists of a file whose name says what it is."""
    if mark and not any(each.byte_order_mark for each in named):
        raise ListFileError(
            f"this begins with a byte order mark, which does not belong into a {named[0].name}: remove it",
            line=1,
        )
    for each in named:
        found = each.find(source)
        if found:
            return found
    raise _without_list(named[0])


def _in_unnamed(
    source: str, path: str, spelling: Spelling, functions: Functions | None, *, mark: bool
) -> list[Place]:
    """Find the lists of a file whose name says nothing."""
    likely = None
    for each in FORMATS:
        if (mark and not each.byte_order_mark) or (each.name == SHELL and not reads_as_shell(source, path)):
            continue
        if not each.recognise(source):
            continue
        found = each.find(source)
        if found:
            return found
        likely = likely or each
    if likely is not None and not response_file.all_plausible(source):
        raise _without_list(likely)
    return _lines(source, path, spelling, functions, mark=mark)


def _lines(
    source: str, path: str, spelling: Spelling, functions: Functions | None, *, mark: bool
) -> list[Place]:
    """Take a file for a list that has a name on each line, if it is nothing else."""
    if source.startswith("#!"):
        raise _foreign("a script that no list is edited in")
    if mark:
        raise ListFileError(
            "this begins with a byte order mark, which would belong to the first name: remove it",
            line=1,
        )
    try:
        found = list(response_file.line_places(source, spelling=spelling, functions=functions))
    except ListFileError as error:
        raise ListFileError(f"{error.message}{supported()}", line=error.line) from None
    if not found[0].elements and not may_become_list(path):
        raise _foreign("a file that holds no names, and its name is not that of a list")
    return found


def _without_list(format_: Format) -> ListFileError:
    return ListFileError(
        f"no list of names is set in this {format_.name} (ASYNCIFY_ONLY and its kin): write an empty one "
        f"where it belongs{supported()}",
    )


def _foreign(what: str) -> ListFileError:
    return ListFileError(f"this is {what}{supported()}")
