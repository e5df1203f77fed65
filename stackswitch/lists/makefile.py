"""Lists in a Makefile: in variables and in recipes.

Make joins continued lines of a variable with one blank, leaves those of a recipe to the shell, writes ``$``
as ``$$`` and fills in ``$(NAME)``. Source: GNU make's manual, "Splitting Long Lines" and "Using Variables".
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from .elements import Place
from .shell import shell_words
from .source import EXPANSION, Text, TextBuilder
from .values import setting_place
from .words import VARIABLE, mentions_list, word_places

_RULE = re.compile(r"^[^\s#=:][^#=:\n]*::?(?!=)[^=\n]*\n(?:\t|#[^\n]*\n\t)", re.MULTILINE)
_MAKE_ASSIGNMENT = re.compile(r"^\w+ *(?:::?|\?)=", re.MULTILINE)
_LIST_VARIABLE = re.compile(rf"\s*(?:(?:export|override|private)\s+)*({VARIABLE})\s*(?:::?:?|\+|\?)?=[ \t]*")
_REFERENCE = re.compile(r"\$(?:\((?:[^()]|\([^()]*\))*\)|\{[^{}]*\}|[^$\s])")


def recognise(source: str) -> bool:
    """Whether a text is a Makefile, by its rules and assignments."""
    return _RULE.search(source) is not None or _MAKE_ASSIGNMENT.search(source) is not None


def places(source: str) -> Iterator[Place]:
    """Find the lists.

    :raises ListFileError: one is malformed
    """
    for text, is_recipe in _logical_lines(source):
        if not mentions_list(text.chars):
            continue
        found = None if is_recipe else _LIST_VARIABLE.match(text.chars)
        if found:
            yield _variable(source, text.slice(found.end(), len(text.chars.rstrip())), found[1])
            continue
        start = 0 if is_recipe else _value_start(text.chars)
        yield from word_places(source, text.slice(start, len(text.chars)))


def _value_start(line: str) -> int:
    """Return where a variable's value begins; 0: the line is no assignment."""
    equals = line.find("=")
    name = line[: max(equals, 0)].rstrip(":+?!").split()
    return equals + 1 if name and all(re.fullmatch(r"[\w.%/-]+:?", word) for word in name) else 0


def _variable(source: str, value: Text, name: str) -> Place:
    """Make a place of a variable's value, which may be quoted for the shell as a whole."""
    if re.match(r"""(["'])\[.*\1\Z""", value.chars, re.DOTALL):
        words = shell_words(value)
        if len(words) == 1:
            value = words[0].text
    return setting_place(source, value, variable=name, fragment=True)


def _logical_lines(source: str) -> Iterator[tuple[Text, bool]]:
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
        yield _view(source, at, end, is_recipe=is_recipe), is_recipe
        at = end


def _continued(source: str, start: int, newline: int) -> bool:
    line = source[start:newline].removesuffix("\r")
    return (len(line) - len(line.rstrip("\\"))) % 2 == 1


def _view(source: str, start: int, end: int, *, is_recipe: bool) -> Text:
    """Decode what make decodes: references, ``$$``, and, outside recipes, continuations and comments."""
    built = TextBuilder()
    at = start
    while at < end:
        char = source[at]
        step = at + 1
        if source.startswith("$$", at):
            step = at + 2
        elif char == "$" and (reference := _REFERENCE.match(source, at, end)):
            char, step = EXPANSION, reference.end()
        elif char == "\\" and (line_end := re.compile(r"\\\r?\n").match(source, at)):
            step = line_end.end()
            if is_recipe:
                if source.startswith("\t", step):
                    step += 1
                at = step
                continue
            while step < end and source[step] in " \t":
                step += 1
            char = " "
        elif not is_recipe and source.startswith("\\#", at):
            char, step = "#", at + 2
        elif not is_recipe and char == "#":
            break
        built.take(char, at, step)
        at = step

    def encode(_at: int, text: str) -> str:
        text = text.replace("$", "$$")
        return text if is_recipe else text.replace("#", "\\#")

    return built.text(encode, limit=built.ends[-1] if built.ends else start)
