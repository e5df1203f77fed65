"""Lists in CMake files: link options, ``LINK_FLAGS`` and variables.

Arguments are quoted (``"…"``), bracketed (``[=[…]=]``) or bare; ``${NAME}`` is filled in.
Source: CMake's manual, cmake-language(7).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from ..elements import Element, ListInFile, array_list
from ..source import EXPANSION, DecodedText
from .lexing import Strings
from .values import setting_list
from .words import AFTER_S, FLAG, VARIABLE, mentions_list, shell_lists

_COMMAND = re.compile(
    r"^\s*(?:cmake_minimum_required|project|set|list|add_executable|add_library|add_link_options|if|"
    r"target_link_options|target_link_libraries|set_target_properties|set_property|string)\s*\(",
    re.MULTILINE | re.IGNORECASE,
)
_TOKEN = re.compile(
    r"""(?P<blank>\s+)|(?P<comment>\#\[(?P<c>=*)\[.*?\](?P=c)\]|\#[^\n]*)|\[(?P<b>=*)\[(?P<bracket>.*?)\](?P=b)\]"""
    r"""|(?P<open>\()|(?P<close>\))|(?P<quoted>"(?:[^"\\]|\\.)*"?)"""
    r"""|(?P<bare>(?:[^\s()\#"\\]|\\.|"(?:[^"\\]|\\.)*")+)|(?P<rest>.)""",
    re.DOTALL | re.VERBOSE,
)
_VARIABLE = re.compile(rf"{VARIABLE}\Z")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}


def _undo(piece: str) -> str | None:
    if piece[0] == "\\" and len(piece) > 1:
        return "" if piece[-1] == "\n" else _ESCAPES.get(piece[1], piece[1])
    return None if piece[0] == "$" and len(piece) > 1 else piece


def _escape(text: str) -> str:
    return re.sub(r'([\\"$])', r"\\\1", text).replace("\n", "\\n")


_PIECES = re.compile(r"\$(?:ENV|CACHE)?\{[^}]*\}|\\\r?\n|\\.|.", re.DOTALL)
_QUOTED = Strings(_PIECES, _undo, _escape)
_BARE = Strings(_PIECES, _undo, lambda text: re.sub(r'([\s()#"\\;$])', r"\\\1", text))


@dataclass(frozen=True)
class _Argument:
    text: DecodedText
    start: int
    end: int
    quoted: bool


def recognise(source: str) -> bool:
    """Whether a text is a CMake file, by its commands."""
    return _COMMAND.search(source) is not None


def lists(source: str) -> Iterator[ListInFile]:
    """Find the lists (see ``Format.lists``)."""
    for command, arguments in _commands(source):
        if not any(mentions_list(each.text.chars) for each in arguments):
            continue
        variable = _variable_of(command, arguments)
        if variable:
            values = arguments[1 if command == "set" else 2 :]
            yield _variable(source, variable, _values(values))
            continue
        previous = ""
        for argument in arguments:
            yield from _in_argument(argument.text, previous)
            previous = argument.text.chars


def _variable_of(command: str, arguments: list[_Argument]) -> _Argument | None:
    at = 0 if command == "set" else 1
    if command == "list" and (not arguments or arguments[0].text.chars.upper() != "APPEND"):
        return None
    if command in ("set", "list") and len(arguments) > at and _VARIABLE.match(arguments[at].text.chars):
        return arguments[at]
    return None


def _values(arguments: list[_Argument]) -> list[_Argument]:
    """Return the arguments of ``set`` before ``CACHE TYPE TEXT`` and ``PARENT_SCOPE``."""
    words = [None if each.quoted else each.text.chars for each in arguments]
    ends = [words.index(each) for each in ("CACHE", "PARENT_SCOPE") if each in words]
    return arguments[: min(ends, default=len(arguments))]


def _refuse_separators(text: DecodedText) -> None:
    """Reject a list that CMake would split at a semicolon."""
    for at, (char, start) in enumerate(zip(text.chars, text.starts, strict=True)):
        if char == ";" and text.source[start] == ";":
            raise text.error(
                "CMake splits this list at the semicolon: separate names by commas or blanks", at
            )


def _variable(source: str, variable: _Argument, values: list[_Argument]) -> ListInFile:
    """Return the list in a variable: one value in emcc's way, or an argument for each name."""
    name = variable.text.chars
    for each in values:
        _refuse_separators(each.text)
    if len(values) == 1 and (values[0].quoted or "," in values[0].text.chars or "[" in values[0].text.chars):
        # The quotes are the argument's, also where it is one name.
        return setting_list(replace(values[0].text, segments={}), variable=name, fragment=True)
    quoted = {each.start: each.quoted for each in values}

    def render(new: str, like: Element | None) -> str:
        if (like is not None and quoted[like.start]) or not re.match(r"[^\s()#\"\\;$]+\Z", new):
            new = f'"{_escape(new)}"'
        return new if like else f" {new}"

    found = array_list(
        source,
        name,
        [Element(each.text.chars, each.start, each.end) for each in values],
        (variable.end, max((each.end for each in values), default=variable.end)),
        render,
        expansions=tuple(part for each in values for part in each.text.expansions),
    )
    return replace(found, gap=" " if values else "")


def _in_argument(text: DecodedText, previous: str) -> Iterator[ListInFile]:
    flag = FLAG.match(text.chars) or (AFTER_S.match(text.chars) if previous == "-s" else None)
    if flag and not re.search(r"\s-", text.chars):
        value = text.slice(flag.end())
        _refuse_separators(value)
        yield setting_list(value, variable=flag[1])
    else:
        yield from shell_lists(text.slice(len("SHELL:")) if text.chars.startswith("SHELL:") else text)


def _commands(source: str) -> Iterator[tuple[str, list[_Argument]]]:
    name, depth, arguments = "", 0, list[_Argument]()
    for token in _TOKEN.finditer(source):
        kind = token.lastgroup if token["bracket"] is None else "bracket"
        if kind == "open":
            depth += 1
            if depth == 1:
                arguments = []
        elif kind == "close":
            depth -= 1
            if depth <= 0:
                yield name.lower(), arguments
                depth = 0
        elif kind == "bare" and not depth:
            name = token[0]
        elif kind in ("bare", "quoted", "bracket"):
            arguments.append(_argument(source, token.start(), token.end(), kind or ""))


def _argument(source: str, start: int, end: int, kind: str) -> _Argument:
    """Decode an argument; a bracketed one has no escapes."""
    if kind == "bracket":
        inside = source.index("[", start + 1) + 1, source.rindex("]", start, end - 1)
        return _Argument(Strings().text(source, *inside), start, end, quoted=True)
    if kind == "quoted":
        text = _QUOTED.text(source, start + 1, end - 1)
        text = replace(text, segments={(0, len(text.chars)): (start, end)})
    else:
        text = _BARE.text(source, start, end)
    # A generator expression is evaluated even if it is escaped.
    text = replace(text, chars=text.chars.replace("$<", f"{EXPANSION}<"))
    return _Argument(text, start, end, kind == "quoted")
