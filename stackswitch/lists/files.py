"""Lists in files: found by the file's name and text, read, and edited in place.

Bytes in, bytes out; the caller writes them. Whatever is not the list stays byte for byte, and an edit that
changes nothing changes no byte. Every edit is read again before it is returned.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from .editing import Editor
from .elements import ListInFile, Spelling
from .functions import Functions
from .list_file import TextFile, chosen

__all__ = ["Edited", "ListInFile", "edit_list", "find_lists", "read_list"]


@dataclass(frozen=True)
class Edited:
    """The result of an edit.

    :ivar data: the file's bytes
    :ivar wildcards: by name that the file cannot hold: the entry that matches it and no other function
    """

    data: bytes
    wildcards: Mapping[str, str] = field(default_factory=dict)


def find_lists(
    data: bytes, *, path: str = "", spelling: Spelling = "binaryen", functions: Functions | None = None
) -> tuple[ListInFile, ...]:
    """Find all lists in a file; for the parameters see ``TextFile``.

    :raises ListFileError: it is no text, holds no list, or one that is malformed
    """
    return tuple(TextFile.of(data, path, spelling, functions).lists())


def read_list(
    data: bytes,
    variable: str = "ASYNCIFY_ONLY",
    *,
    path: str = "",
    spelling: Spelling = "binaryen",
    functions: Functions | None = None,
) -> ListInFile:
    """Read one list; a file that is a list as a whole is that list whatever the variable.

    :raises ListFileError: no such list, two of that name, one in another file, one composed of others
    """
    return chosen(find_lists(data, path=path, spelling=spelling, functions=functions), variable, path)


def edit_list(
    data: bytes,
    names: Iterable[str],
    variable: str = "ASYNCIFY_ONLY",
    *,
    path: str = "",
    spelling: Spelling = "binaryen",
    functions: Functions | None = None,
    wildcards: bool = False,
) -> Edited:
    """Give a list exactly these names (as Binaryen is to get them).

    Names that stay keep their place and spelling; new ones go where the list's sorting says, or to its end.

    :param functions: those of the modules that the list is for; without them, a file that has a name on
        each line is edited only if a name that is to be in the list is there already
    :param wildcards: a name that the file cannot hold is replaced by a wildcard, if there is one that
        matches that function and no other
    :raises ListFileError: as ``read_list``; the file is of no kind that is edited; or a name cannot be
        written in it, with the workaround
    """
    names = list(dict.fromkeys(names))
    known = functions if functions is not None and functions.known else Functions.of(names)
    file = TextFile.of(data, path, spelling, known)
    text, used = Editor(file, variable).edit(names, functions if wildcards else None)
    return Edited(data if text == file.source else file.mark + text.encode("utf-8"), used)
