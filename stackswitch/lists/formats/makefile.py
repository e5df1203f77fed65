"""Lists in a Makefile: in variables and in recipes.

Make joins continued lines of a variable with one blank, leaves those of a recipe to the shell, writes ``$``
as ``$$`` and fills in ``$(NAME)``. Source: GNU make's manual, "Splitting Long Lines" and "Using Variables".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from ..elements import ListInFile
from ..source import DecodedText
from .lexing import Strings
from .shell import shell_words
from .values import setting_list
from .words import VARIABLE, mentions_list, shell_lists

_RULE = re.compile(r"^[^\s#=:][^#=:\n]*::?(?!=)[^=\n]*\n(?:\t|#[^\n]*\n\t)", re.MULTILINE)
_MAKE_ASSIGNMENT = re.compile(r"^\w+ *(?:::?|\?)=", re.MULTILINE)
_LIST_VARIABLE = re.compile(rf"\s*(?:(?:export|override|private)\s+)*({VARIABLE})\s*(?:::?:?|\+|\?)?=[ \t]*")
_REFERENCE = r"\$\$|\$(?:\((?:[^()]|\([^()]*\))*\)|\{[^{}]*\}|[^$\s])"


def _undo(piece: str) -> str | None:
    """Undo what make reads in a variable."""
    if piece[0] == "\\" and len(piece) > 1:
        return "#" if piece[1] == "#" else " "
    return "" if piece[0] == "#" else _undo_in_recipe(piece)


def _undo_in_recipe(piece: str) -> str | None:
    if piece[0] == "\\" and len(piece) > 1:
        return ""
    if piece[0] == "$" and len(piece) > 1:
        return "$" if piece == "$$" else None
    return piece


_IN_VARIABLE = Strings(
    re.compile(rf"{_REFERENCE}|\\\r?\n[ \t]*|\\#|\#.*|.", re.DOTALL),
    _undo,
    lambda text: text.replace("$", "$$").replace("#", "\\#"),
)
_IN_RECIPE = Strings(
    re.compile(rf"{_REFERENCE}|\\\r?\n\t?|.", re.DOTALL),
    _undo_in_recipe,
    lambda text: text.replace("$", "$$"),
)


def recognise(source: str) -> bool:
    """Whether a text is a Makefile, by its rules and assignments."""
    return _RULE.search(source) is not None or _MAKE_ASSIGNMENT.search(source) is not None


def lists(source: str) -> Iterator[ListInFile]:
    """Find the lists (see ``Format.lists``)."""
    for text, is_recipe in _logical_lines(source):
        if not mentions_list(text.chars):
            continue
        found = None if is_recipe else _LIST_VARIABLE.match(text.chars)
        if found:
            yield _variable(text.slice(found.end(), len(text.chars.rstrip())), found[1])
        else:
            yield from shell_lists(text.slice(0 if is_recipe else _value_start(text.chars)))


def _value_start(line: str) -> int:
    """Return where a variable's value begins; 0: the line is no assignment."""
    equals = line.find("=")
    name = line[: max(equals, 0)].rstrip(":+?!").split()
    return equals + 1 if name and all(re.fullmatch(r"[\w.%/-]+:?", word) for word in name) else 0


def _variable(value: DecodedText, name: str) -> ListInFile:
    """Return the list in a variable's value, which may be quoted for the shell as a whole."""
    if re.match(r"""(["'])\[.*\1\Z""", value.chars, re.DOTALL):
        words = shell_words(value)
        if len(words) == 1:
            value = words[0].text
    return setting_list(value, variable=name, fragment=True)


def _logical_lines(source: str) -> Iterator[tuple[DecodedText, bool]]:
    """Join continued lines, and say of each whether it is a recipe's."""
    at = 0
    while at < len(source):
        end = at
        while True:
            newline = source.find("\n", end)
            end = len(source) if newline < 0 else newline + 1
            if newline < 0 or not _continued(source, at, newline):
                break
        is_recipe = source[at] == "\t"
        text = (_IN_RECIPE if is_recipe else _IN_VARIABLE).text(source, at, end)
        yield replace(text, limit=text.ends[-1] if text.ends else at), is_recipe
        at = end


def _continued(source: str, start: int, newline: int) -> bool:
    line = source[start:newline].removesuffix("\r")
    return (len(line) - len(line.rstrip("\\"))) % 2 == 1
