"""Lists in CMake files: link options, ``LINK_FLAGS`` and variables.

Arguments are quoted (``"…"``), bracketed (``[=[…]=]``) or bare; ``${NAME}`` is filled in.
Source: CMake's manual, cmake-language(7).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from stackswitch.errors import ListFileError

from .elements import Element, Place
from .source import EXPANSION, Text, TextBuilder, line_of
from .values import setting_place
from .words import SETTING, VARIABLE, mentions_list, word_places

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
_FLAG = re.compile(rf"-s({SETTING})=")
_AFTER_S = re.compile(rf"({SETTING})=")
_REFERENCE = re.compile(r"\$(?:ENV|CACHE)?\{[^}]*\}")


@dataclass(frozen=True)
class _Argument:
    text: Text
    start: int
    end: int
    quoted: bool


def recognise(source: str) -> bool:
    """Whether a text is a CMake file, by its commands."""
    return _COMMAND.search(source) is not None


def places(source: str) -> Iterator[Place]:
    """Find the lists.

    :raises ListFileError: one is malformed
    """
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
            yield from _in_argument(source, argument.text, previous)
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


def _refuse_separators(source: str, text: Text) -> None:
    """Stop where CMake would split a list at a semicolon that we would take for a part of a name.

    :raises ListFileError: with the line
    """
    for char, start in zip(text.chars, text.starts, strict=True):
        if char == ";" and source[start] == ";":
            raise ListFileError(
                "CMake splits this list at the semicolon: separate names by commas or blanks",
                line=line_of(source, start),
            )


def _variable(source: str, variable: _Argument, values: list[_Argument]) -> Place:
    """Make a place of a variable: one value in emcc's way, or a name an argument."""
    name = variable.text.chars
    for each in values:
        _refuse_separators(source, each.text)
    if len(values) == 1 and (values[0].quoted or "," in values[0].text.chars or "[" in values[0].text.chars):
        # The quotes are the argument's, also where it is one name.
        text = replace(values[0].text, segments={})
        return setting_place(source, text, variable=name, fragment=True)
    elements = tuple(Element(each.text.chars, each.start, each.end) for each in values)
    expansions = tuple(part for each in values for part in each.text.expansions(source))
    quoted = {each.start: each.quoted for each in values}

    def render(new: str, like: Element | None) -> str:
        if (like is not None and quoted[like.start]) or not re.match(r"[^\s()#\"\\;$]+\Z", new):
            return f'"{_escaped(new)}"'
        return new

    return Place(
        variable=name,
        line=line_of(source, variable.start),
        elements=() if expansions else elements,
        spelling="emscripten",
        start=variable.end,
        end=max((each.end for each in values), default=variable.end),
        at=variable.end,
        render=lambda new, like: render(new, like) if like else f" {render(new, like)}",
        expansions=expansions,
        gap=" " if elements else "",
        remarks=True,
    )


def _in_argument(source: str, text: Text, previous: str) -> Iterator[Place]:
    flag = _FLAG.match(text.chars) or (_AFTER_S.match(text.chars) if previous == "-s" else None)
    if flag and not re.search(r"\s-", text.chars):
        value = text.slice(flag.end(), len(text.chars))
        _refuse_separators(source, value)
        yield setting_place(source, value, variable=flag[1])
        return
    if text.chars.startswith("SHELL:"):
        text = text.slice(len("SHELL:"), len(text.chars))
    yield from word_places(source, text)


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
    """Decode an argument: a bracketed one stands as it is."""
    if kind == "bracket":
        inner_start, inner_end = source.index("[", start + 1) + 1, source.rindex("]", start, end - 1)
        text = Text.gather(source, range(inner_start, inner_end))
        return _Argument(text, start, end, quoted=True)
    quoted = kind == "quoted"
    at, stop = (start + 1, end - 1) if quoted else (start, end)
    built = TextBuilder()
    while at < stop:
        char, step = source[at], at + 1
        if reference := _REFERENCE.match(source, at, stop):
            char, step = EXPANSION, reference.end()
        elif char == "\\" and (line_end := re.compile(r"\\\r?\n").match(source, at)):
            at = line_end.end()
            continue
        elif char == "\\" and step < stop:
            char, step = {"n": "\n", "t": "\t", "r": "\r", ";": "\\;"}.get(source[step], source[step]), at + 2
        built.take(char[-1], at, step)
        at = step
    for found in re.finditer(r"\$<", "".join(built.chars)):
        built.chars[found.start()] = EXPANSION  # a generator expression: evaluated whatever is escaped
    segments = {(0, len(built.chars)): (start, end)} if quoted else {}

    def encode(_at: int, text: str) -> str:
        return _escaped(text) if quoted else re.sub(r'([\s()#"\\;$])', r"\\\1", text)

    return _Argument(built.text(encode, stop, segments), start, end, quoted)


def _escaped(text: str) -> str:
    return re.sub(r'([\\"$])', r"\\\1", text).replace("\n", "\\n")
