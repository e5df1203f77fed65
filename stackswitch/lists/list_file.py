"""The lists of a file: its name decides what kind of file it is, or else its text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath

from stackswitch.errors import ListFileError

from .elements import ListInFile, Spelling
from .formats import response_file
from .formats.table import (
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
from .source import decode_file


@dataclass(frozen=True)
class TextFile:
    """A file that may have lists.

    :ivar source: its text, without a byte order mark
    :ivar path: for messages, and because a name may say what kind of file it is (``Makefile``)
    :ivar spelling: who reads a file that has a name on each line
    :ivar functions: those of the modules that the lists are for, if they are known: a file that has a name
        on each line must name one of them
    :ivar mark: its byte order mark
    """

    source: str
    path: str = ""
    spelling: Spelling = "binaryen"
    functions: Functions | None = None
    mark: bytes = b""

    @classmethod
    def of(cls, data: bytes, path: str, spelling: Spelling, functions: Functions | None) -> TextFile:
        """Decode a file.

        :raises ListFileError: it is binary or not UTF-8
        """
        source, mark = decode_file(data, path)
        return cls(source, path, spelling, functions, mark)

    def lists(self) -> list[ListInFile]:
        """Find the lists.

        :raises ListFileError: the file is of no kind that is edited, holds no list, or one that is malformed
        """
        try:
            if is_foreign(self.path):
                raise _foreign(f"a file of a kind that no list is edited in ({PurePath(self.path).name})")
            named = named_formats(self.path)
            return self._in_named(named) if named else self._in_unnamed()
        except ListFileError as error:  # what reads a text does not know the file
            raise ListFileError(error.message, path=self.path, line=error.line) from None

    def _in_named(self, named: tuple[Format, ...]) -> list[ListInFile]:
        """Find the lists of a file whose name says what it is."""
        if self.mark and not any(each.byte_order_mark for each in named):
            raise ListFileError(
                f"this begins with a byte order mark, which does not belong into a {named[0].name}: "
                "remove it",
                line=1,
            )
        for each in named:
            if found := each.find(self.source):
                return found
        raise _without_list(named[0])

    def _in_unnamed(self) -> list[ListInFile]:
        """Find the lists of a file whose name says nothing."""
        likely = None
        for each in FORMATS:
            if self.mark and not each.byte_order_mark:
                continue
            if each.name == SHELL and not reads_as_shell(self.source, self.path):
                continue
            if not each.recognise(self.source):
                continue
            if found := each.find(self.source):
                return found
            likely = likely or each
        if likely is not None and not response_file.may_be_names(self.source):
            raise _without_list(likely)
        return [self._lines()]

    def _lines(self) -> ListInFile:
        """Return a file that has a name on each line as a list, if it is nothing else."""
        if self.source.startswith("#!"):
            raise _foreign("a script that no list is edited in")
        if self.mark:
            raise ListFileError(
                "this begins with a byte order mark, which would belong to the first name: remove it",
                line=1,
            )
        try:
            found = response_file.line_list(self.source, spelling=self.spelling, functions=self.functions)
        except ListFileError as error:
            raise ListFileError(f"{error.message}{supported()}", line=error.line) from None
        if not found.elements and not may_become_list(self.path):
            raise _foreign("a file that holds no names, and its name is not that of a list")
        return found


def chosen(found: Sequence[ListInFile], variable: str, path: str) -> ListInFile:
    """Return the list of a name; a file that is a list as a whole is that list whatever the name.

    :raises ListFileError: no such list, two of that name, one in another file, one composed of others
    """
    wanted = variable.upper()
    named = [each for each in found if each.variable == "" or each.variable.upper() == wanted]
    literal = [each for each in named if not each.expansions]
    if len(literal) == 1 and literal[0].file is None:
        return literal[0]
    line: int | None = None
    if len(literal) == 1:
        line = literal[0].line
        problem = f"{variable} is not in this file but in {literal[0].file}: give that one"
    elif literal:
        line = literal[1].line
        lines = ", ".join(str(each.line) for each in literal)
        problem = (
            f"{variable} stands {len(literal)} times in this file (lines {lines}), and it is not clear which "
            "one is meant: leave one of them, or put the names into a file of their own"
        )
    elif named:
        line = named[0].line
        parts = ", ".join(dict.fromkeys(part for each in named for part in each.expansions))
        problem = f"{variable} is put together from {parts} here: name the variable that holds the names"
    else:
        present = ", ".join(f"{each.variable} (line {each.line})" for each in found) or "none"
        problem = f"no list {variable} in this file; there are: {present}"
    raise ListFileError(problem, path=path, line=line)


def refuse_new(path: str) -> None:
    """Reject a new file of names if its name is that of a file of another kind.

    :raises ListFileError: with what it may be called
    """
    if not may_become_list(path):
        raise ListFileError(
            f"a new list has a name a line, and a file of this name has not: call it list.txt{supported()}",
            path=path,
        )


def _without_list(format_: Format) -> ListFileError:
    return ListFileError(
        f"no list of names is set in this {format_.name} (ASYNCIFY_ONLY and its kin): write an empty one "
        f"where it belongs{supported()}",
    )


def _foreign(what: str) -> ListFileError:
    return ListFileError(f"this is {what}{supported()}")
