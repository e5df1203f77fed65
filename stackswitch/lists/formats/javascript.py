"""Lists in JavaScript and TypeScript build scripts.

Source: ECMA-262, "Lexical Grammar". Where only the whole grammar distinguishes a regular expression from a
division, the line is rejected if it has a quote.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from stackswitch.errors import ListFileError

from ..source import EXPANSION, line_of
from .lexing import Escapes, Language, Special, Strings, Token, c_escape, mark, tokens_of

_TOKEN = re.compile(
    r"""(?P<newline>\r?\n|[\r\u2028\u2029])|(?P<blank>[^\S\n\r\u2028\u2029]+|//[^\n\r\u2028\u2029]*|/\*.*?\*/|\A\#![^\n]*)"""
    r"""|"(?P<double>(?:[^"\\\n]|\\.)*)"|'(?P<single>(?:[^'\\\n]|\\.)*)'|(?P<template>`)"""
    r"""|(?P<name>[^\W\d][\w$]*|\$[\w$]*|\#\w+|\.?\d[\w.]*)|(?P<open>["'])|(?P<slash>/)"""
    r"""|(?P<mark>=>|[-+*%&|^!<>=]?={1,2}|\?\?|\?\.|&&|\|\||.)""",
    re.DOTALL,
)
_PIECE = r"\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|u\{[0-9a-fA-F]{1,6}\}|\r?\n|[0-7]{1,3}|.)|."
_ESCAPES = Escapes("ntrbfv0", other="bare")
_REGEX = re.compile(r"/(?:[^/\\\[\n\r]|\\.|\[(?:[^\]\\\n\r]|\\.)*\])+/\w*")
_BEFORE_REGEX = re.compile(
    r"(?:return|typeof|instanceof|in|of|new|delete|void|throw|case|do|else|yield|await)\Z"
)


def _undo(piece: str) -> str | None:
    legacy_octal = re.match(r"\\(?:[1-7]|0\d)", piece)
    # Any line end that is escaped is nothing.
    return None if legacy_octal else _ESCAPES.undo(re.sub(r"\\\r\n?", "\\\n", piece))


_STRINGS = {
    group: Strings(re.compile(_PIECE, re.DOTALL), _undo, c_escape(quote))
    for group, quote in (("double", '"'), ("single", "'"))
}


def _not_understood(source: str, why: str, at: int) -> ListFileError:
    return ListFileError(f"this JavaScript is not understood: {why}", line=line_of(source, at))


def _open_quote(source: str, found: re.Match[str], _before: Sequence[Token]) -> tuple[None, int]:
    raise _not_understood(source, f"the quote {found[0]} is not closed on its line", found.start())


def _slash(source: str, found: re.Match[str], before: Sequence[Token]) -> tuple[Token, int]:
    start, end = found.start(), _slash_end(source, found.start(), before)
    return mark(source, start, end, "name" if end > found.end() else "mark"), end


def _slash_end(source: str, at: int, found: Sequence[Token]) -> int:
    """Return the offset behind a regular expression, or behind the mark of a division."""
    last = next((each for each in reversed(found) if each.kind != "newline"), None)
    regex = _REGEX.match(source, at)
    if (
        last is None
        or (last.kind == "name" and _BEFORE_REGEX.match(last.chars))
        or (last.kind == "mark" and last.chars not in (")", "]", "}"))
    ):
        return at + 1 if regex is None else regex.end()
    unclear = last.kind == "mark" and last.chars in (")", "}")
    if unclear and regex and re.search(r"[\"'`]|//|/\*", regex[0]):
        raise _not_understood(source, "a regular expression or a division, with a quote behind", at)
    return at + 1


def _template_token(source: str, found: re.Match[str], before: Sequence[Token]) -> tuple[Token, int]:
    """Read a template; a tag may make anything of it, so that it is not literal."""
    at, token = _template(source, found.start())
    if before and before[-1].end == found.start() and before[-1].kind == "name":
        text = token.text
        chars, starts, ends = text.chars + EXPANSION, [*text.starts, token.end - 1], [*text.ends, token.end]
        token = replace(token, text=replace(text, chars=chars, starts=starts, ends=ends))
    return token, at


def _template(source: str, at: int) -> tuple[int, Token]:
    """Read a template literal: what is filled in may have templates of its own."""
    start = at
    at += 1
    pieces: list[str] = []
    while at < len(source) and source[at] != "`":
        if source.startswith("${", at):
            end = _filled_in(source, at + 2)
            pieces.append(re.escape(source[at:end]))
            at = end
        else:
            at += 2 if source[at] == "\\" else 1
    if at >= len(source):
        raise _not_understood(source, "a template literal is not closed", start)
    strings = Strings(
        re.compile("|".join([*pieces, _PIECE]), re.DOTALL),
        _undo,
        lambda text: c_escape("`")(text).replace("${", "\\${"),
    )
    return at + 1, strings.token(source, (start, at + 1), (start + 1, at))


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
    raise _not_understood(source, "${ is not closed", at)


_SPECIAL: dict[str, Special] = {"template": _template_token, "slash": _slash, "open": _open_quote}
LANGUAGE = Language(
    name="JavaScript file",
    shebang=r"\b(?:node|deno|bun)\b",
    tokens=lambda source: tokens_of(source, _TOKEN, _STRINGS, _SPECIAL),
    quote=lambda name: f'"{c_escape(chr(34))(name)}"',
    brackets={"[": "]"},
    after=frozenset({",", ";", ")", "]", "}", "as", "satisfies"}),
    goes_on=frozenset(
        {"+", "-", "*", "/", "%", ".", "?.", "[", "(", "?", "??", "&&", "||", "in", "instanceof"}
    ),
    comment="//",
    block="/*",
)
