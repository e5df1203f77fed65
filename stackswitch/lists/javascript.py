"""Lists in JavaScript and TypeScript build scripts.

Source: ECMA-262, "Lexical Grammar". Where it takes the whole grammar to tell a regular expression from a
division, the line is refused if it has a quote.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from stackswitch.errors import ListFileError

from .elements import Place
from .languages import Language, Token
from .lexing import c_escape, c_unescape, mark, string
from .literals import literal_places
from .source import EXPANSION, line_of

FORMAT = "JavaScript file"
_TOKEN = re.compile(
    r"""(?P<newline>\r?\n|[\r\u2028\u2029])|(?P<blank>[^\S\n\r\u2028\u2029]+|//[^\n\r\u2028\u2029]*|/\*.*?\*/|\A\#![^\n]*)"""
    r"""|"(?P<double>(?:[^"\\\n]|\\.)*)"|'(?P<single>(?:[^'\\\n]|\\.)*)'|(?P<template>`)"""
    r"""|(?P<name>[^\W\d][\w$]*|\$[\w$]*|\#\w+)|(?P<number>\.?\d[\w.]*)|(?P<slash>/)"""
    r"""|(?P<mark>=>|[-+*%&|^!<>=]?={1,2}|\?\?|\?\.|&&|\|\||.)""",
    re.DOTALL,
)
_ESCAPES = r"\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|u\{[0-9a-fA-F]{1,6}\}|\r?\n|[0-7]{1,3}|.)"
_PIECES = re.compile(rf"{_ESCAPES}|.", re.DOTALL)
_REGEX = re.compile(r"/(?:[^/\\\[\n\r]|\\.|\[(?:[^\]\\\n\r]|\\.)*\])+/\w*")
_BEFORE_REGEX = frozenset(
    [
        "return",
        "typeof",
        "instanceof",
        "in",
        "of",
        "new",
        "delete",
        "void",
        "throw",
        "case",
        "do",
        "else",
        "yield",
        "await",
    ]
)


def recognise(source: str, path: str = "") -> bool:
    """Whether a text is a script for Node or its kin, by its first line."""
    del path
    return re.match(r"#![^\n]*\b(?:node|deno|bun)\b", source) is not None


def places(source: str, path: str = "") -> Iterator[Place]:
    """Find the lists.

    :raises ListFileError: one is malformed, or the text is not understood
    """
    try:
        yield from literal_places(source, _LANGUAGE, path)
    except _NotUnderstoodError as error:
        raise ListFileError(
            f"this JavaScript is not understood: {error}", path=path, line=line_of(source, error.at)
        ) from None


class _NotUnderstoodError(Exception):
    def __init__(self, message: str, at: int) -> None:
        super().__init__(message)
        self.at = at


def _unescape(piece: str) -> str | None:
    if not piece.startswith("\\"):
        return piece
    if re.match(r"\\[\r\n]", piece):
        return ""
    if re.match(r"\\(?:[1-7]|0\d)", piece):
        return None
    known = c_unescape(piece, known="ntrbfv0", numbers="xu")
    return piece[1:] if known is None and piece[1:2] not in "xu" else known


def _tokens(source: str) -> Sequence[Token]:
    found: list[Token] = []
    at = 0
    while each := _TOKEN.match(source, at):
        span = each.span()
        at = each.end()
        if each["double"] is not None:
            found.append(string(source, span, each.span("double"), _PIECES, _unescape, c_escape('"')))
        elif each["single"] is not None:
            found.append(string(source, span, each.span("single"), _PIECES, _unescape, c_escape("'")))
        elif each["template"] is not None:
            at, token = _template(source, span[0])
            if found and found[-1].end == span[0] and found[-1].kind == "name":
                token = _tagged(token)
            found.append(token)
        elif each["slash"] is not None:
            at = _slash(source, span[0], found)
            found.append(mark(source, span[0], at, "name" if at > span[1] else "mark"))
        elif each.lastgroup == "newline":
            found.append(mark(source, *span, "newline"))
        elif each.lastgroup in ("name", "number"):
            found.append(mark(source, *span, "name"))
        elif each.lastgroup == "mark":
            if each[0] in "\"'":
                raise _NotUnderstoodError(f"the quote {each[0]} is not closed on its line", span[0])
            found.append(mark(source, *span))
    return found


def _slash(source: str, at: int, found: Sequence[Token]) -> int:
    """Return the offset behind a regular expression, or behind the mark of a division."""
    last = next((each for each in reversed(found) if each.kind != "newline"), None)
    regex = _REGEX.match(source, at)
    if (
        last is None
        or (last.kind == "name" and last.chars in _BEFORE_REGEX)
        or (last.kind == "mark" and last.chars not in (")", "]", "}"))
    ):
        divides = False
    elif last.kind == "mark" and last.chars in (")", "}"):
        if regex and re.search(r"[\"'`]|//|/\*", regex[0]):
            raise _NotUnderstoodError("a regular expression or a division, with a quote behind", at)
        divides = True
    else:
        divides = True
    return at + 1 if divides or regex is None else regex.end()


def _template(source: str, at: int) -> tuple[int, Token]:
    """Read a template literal: what is filled in may have templates of its own."""
    start = at
    at += 1
    pieces: list[tuple[int, int]] = []
    while at < len(source) and source[at] != "`":
        if source.startswith("${", at):
            end = _filled_in(source, at + 2)
            pieces.append((at, end))
            at = end
        else:
            at += 2 if source[at] == "\\" else 1
    if at >= len(source):
        raise _NotUnderstoodError("a template literal is not closed", start)
    inside = "|".join(re.escape(source[first:end]) for first, end in pieces)
    pattern = re.compile(rf"{_ESCAPES}|{inside}|." if inside else rf"{_ESCAPES}|.", re.DOTALL)

    def unescape(piece: str) -> str | None:
        return None if piece.startswith("${") else _unescape(piece.replace("\r\n", "\n"))

    def escape(text: str) -> str:
        return c_escape("`")(text).replace("${", "\\${")

    return at + 1, string(source, (start, at + 1), (start + 1, at), pattern, unescape, escape)


def _tagged(token: Token) -> Token:
    """Return a template as a tag has it, which may make anything of it: it is not literal."""
    text = token.text
    chars, starts, ends = text.chars + EXPANSION, [*text.starts, token.end - 1], [*text.ends, token.end]
    return replace(token, text=replace(text, chars=chars, starts=starts, ends=ends))


def _filled_in(source: str, at: int) -> int:
    depth = 1
    while at < len(source):
        char = source[at]
        if char == "`":
            at, _ = _template(source, at)
            continue
        if char in "\"'":
            end = re.compile(rf"(?:[^{char}\\\n]|\\.)*{char}").match(source, at + 1)
            if end is None:
                break
            at = end.end()
            continue
        depth += {"{": 1, "}": -1}.get(char, 0)
        at += 1
        if not depth:
            return at
    raise _NotUnderstoodError("${ is not closed", at)


_LANGUAGE = Language(
    name=FORMAT,
    tokens=_tokens,
    quote=lambda name: f'"{c_escape(chr(34))(name)}"',
    brackets={"[": "]"},
    after=frozenset({",", ";", ")", "]", "}", "as", "satisfies"}),
    goes_on=frozenset(
        {"+", "-", "*", "/", "%", ".", "?.", "[", "(", "?", "??", "&&", "||", "in", "instanceof"}
    ),
    comment="//",
    block="/*",
)
