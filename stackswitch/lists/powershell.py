"""Lists in PowerShell scripts.

A backtick escapes, ``''`` and ``""`` are a quote within quotes, curly quotes are quotes too. Arguments
outside quotes are not edited: a comma there makes an array. Source: about_Parsing and about_Quoting_Rules of
PowerShell 7.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from stackswitch.errors import ListFileError

from .elements import Place
from .languages import Language, Token
from .lexing import mark, string
from .literals import literal_places
from .source import line_of
from .words import SETTING

FORMAT = "PowerShell script"
_SINGLE = "'\u2018\u2019\u201a\u201b"
_DOUBLE = '"\u201c\u201d\u201e'
_TOKEN = re.compile(
    rf"""(?P<blank>[ \t\f\v\xa0]+|`\r?\n|(?<![^\s(){{}};,|&])\#[^\r\n]*|<\#.*?\#>)|(?P<newline>\r?\n|\r)"""
    rf"""|@[{_SINGLE}][ \t]*\r?\n(?P<raw_lines>.*?)\r?\n[{_SINGLE}]@"""
    rf"""|@[{_DOUBLE}][ \t]*\r?\n(?P<lines>.*?)\r?\n[{_DOUBLE}]@"""
    rf"""|[{_SINGLE}](?P<single>(?:[^{_SINGLE}]|[{_SINGLE}]{{2}})*)[{_SINGLE}]"""
    rf"""|(?P<double>[{_DOUBLE}])|\$(?:\w+:)?(?P<variable>\w+)|\$\{{(?:\w+:)?(?P<braced>\w+)\}}"""
    r"""|(?P<open>@\(|@\{|\$\()|(?P<word>-?[^\W\d][\w-]*(?:[^\s'"`$(){}\[\],;|&=<>+]+)?)|(?P<mark>\+=|.)""",
    re.DOTALL,
)
_ESCAPES = {
    "0": "\0",
    "a": "\a",
    "b": "\b",
    "e": "\x1b",
    "f": "\f",
    "n": "\n",
    "r": "\r",
    "t": "\t",
    "v": "\v",
}
_SINGLE_PIECES = re.compile(rf"[{_SINGLE}]{{2}}|.", re.DOTALL)
_BARE = re.compile(rf"-s{SETTING}\Z|.*asyncify-\w+@")
_JOINS = frozenset({"+"})
_OPERATORS = frozenset(
    ["-f", "-join", "-replace", "-creplace", "-ireplace", "-split", "-csplit", "-isplit", "-as", "-eq", "-ne"]
)


def recognise(source: str, path: str = "") -> bool:
    """Whether a text is a PowerShell script, by its first line."""
    del path
    return re.match(r"#![^\n]*\bpwsh\b", source) is not None


def places(source: str, path: str = "") -> Iterator[Place]:
    """Find the lists.

    :raises ListFileError: one is malformed, or stands outside quotes
    """
    yield from literal_places(source, _LANGUAGE, path)
    for token in _tokens(source):
        if token.kind != "string" and _BARE.match(token.chars):
            raise ListFileError(
                "PowerShell splits what is outside quotes at commas: put this argument into single quotes",
                path=path,
                line=line_of(source, token.start),
            )


def _unescape_single(piece: str) -> str:
    return piece[0]


def _escape_single(text: str) -> str:
    return re.sub(f"[{_SINGLE}]", lambda found: found[0] * 2, text)


def _unescape_double(piece: str) -> str | None:
    if piece.startswith("$") and len(piece) > 1:
        return None
    if piece.startswith("`"):
        code = piece[1:]
        if code.startswith("u{"):
            return chr(min(int(code[2:-1], 16), 0x10FFFF))
        return "" if code in ("\n", "\r\n") else _ESCAPES.get(code, code)
    return piece[0]


def _escape_double(text: str) -> str:
    return (
        re.sub(f"[`${_DOUBLE}]", lambda found: f"`{found[0]}", text).replace("\n", "`n").replace("\r", "`r")
    )


def _tokens(source: str) -> Sequence[Token]:
    found: list[Token] = []
    at = 0
    while each := _TOKEN.match(source, at):
        span = each.span()
        at = each.end()
        if each["single"] is not None:
            found.append(
                string(source, span, each.span("single"), _SINGLE_PIECES, _unescape_single, _escape_single)
            )
        elif each["raw_lines"] is not None:
            found.append(string(source, span, each.span("raw_lines"), None, str, str))
        elif each["lines"] is not None:
            found.append(_expandable(source, span, each.span("lines"), each.end("lines")))
        elif each["double"] is not None:
            end = _double_end(source, span[0] + 1)
            at = end + 1
            found.append(_expandable(source, (span[0], at), (span[0] + 1, end), end))
        elif each.lastgroup in ("variable", "braced"):
            found.append(mark(source, *span, "name", each[each.lastgroup]))
        elif each.lastgroup == "newline":
            found.append(mark(source, *span, "newline"))
        elif each.lastgroup == "word":
            found.append(mark(source, *span, "name"))
        elif each.lastgroup in ("mark", "open"):
            found.append(mark(source, *span))
    return found


def _double_end(source: str, at: int) -> int:
    """Return the offset of the quote that ends an expandable string, past the quotes of subexpressions."""
    while at < len(source):
        char = source[at]
        if char == "`":
            at += 2
        elif source.startswith("$(", at):
            at = _subexpression_end(source, at + 2)
        elif char in _DOUBLE:
            if source[at + 1 : at + 2] and source[at + 1] in _DOUBLE:
                at += 2
            else:
                return at
        else:
            at += 1
    return len(source)


def _subexpression_end(source: str, at: int) -> int:
    depth = 1
    while at < len(source):
        each = _TOKEN.match(source, at)
        if each is None:
            break
        at = each.end()
        if each["double"] is not None:
            at = _double_end(source, at) + 1
        depth += {"(": 1, "@(": 1, "$(": 1, ")": -1}.get(each[0], 0)
        if not depth:
            return at
    return len(source)


def _expandable(source: str, span: tuple[int, int], body: tuple[int, int], end: int) -> Token:
    """Make a token of an expandable string."""
    pieces: list[str] = []
    at = body[0]
    while (at := source.find("$(", at, end)) >= 0:
        stop = min(_subexpression_end(source, at + 2), end)
        pieces.append(re.escape(source[at:stop]))
        at = stop
    inner = "".join(f"{each}|" for each in pieces)
    pattern = re.compile(
        rf"`u\{{[0-9a-fA-F]{{1,6}}\}}|`\r\n|`.|{inner}\$\{{[^}}]*\}}|\$(?:\w+:)?\w+|\$[$?^]|[{_DOUBLE}]{{2}}|.",
        re.DOTALL,
    )
    return string(source, span, body, pattern, _unescape_double, _escape_double)


_LANGUAGE = Language(
    name=FORMAT,
    tokens=_tokens,
    quote=lambda name: f"'{_escape_single(name)}'",
    brackets={"@(": ")", "(": ")"},
    assigns=frozenset({"=", "+="}),
    joins=_JOINS,
    after=frozenset({",", ";", ")", "}"}),
    operators=_OPERATORS,
    goes_on=_JOINS | _OPERATORS | {"-", "*", "/", "%", "."},
    block="<#",
    bare_arrays=True,
    line_ends_separate=True,
)
