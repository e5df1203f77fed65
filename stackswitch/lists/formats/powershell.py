"""Lists in PowerShell scripts.

A backtick escapes, ``''`` and ``""`` are a quote within quotes, curly quotes are quotes too. Arguments
outside quotes are not edited: a comma there makes an array. Source: about_Parsing and about_Quoting_Rules of
PowerShell 7.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ..elements import ListInFile
from .lexing import Escapes, Language, Special, Strings, Token, mark, tokens_of
from .literals import literal_lists
from .words import SETTING

_SINGLE = "'\u2018\u2019\u201a\u201b"
_DOUBLE = '"\u201c\u201d\u201e'
_TOKEN = re.compile(
    rf"""(?P<blank>[ \t\f\v\xa0]+|`\r?\n|(?<![^\s(){{}};,|&])\#[^\r\n]*|<\#.*?\#>)|(?P<newline>\r?\n|\r)"""
    rf"""|@[{_SINGLE}][ \t]*\r?\n(?P<raw_lines>.*?)\r?\n[{_SINGLE}]@"""
    rf"""|@[{_DOUBLE}][ \t]*\r?\n(?P<lines>.*?)\r?\n[{_DOUBLE}]@"""
    rf"""|[{_SINGLE}](?P<single>(?:[^{_SINGLE}]|[{_SINGLE}]{{2}})*)[{_SINGLE}]"""
    rf"""|(?P<double>[{_DOUBLE}])|\$(?:\w+:)?(?P<variable>\w+)|\$\{{(?:\w+:)?(?P<braced>\w+)\}}"""
    r"""|(?P<name>-?[^\W\d][\w-]*(?:[^\s'"`$(){}\[\],;|&=<>+]+)?)|(?P<mark>@\(|@\{|\$\(|\+=|.)""",
    re.DOTALL,
)
_UNDO = Escapes("0abefnrtv", numbers="u", other="bare", doubled=f"[{_DOUBLE}]{{2}}", mark="`").undo
_SINGLE_STRINGS = Strings(
    re.compile(rf"[{_SINGLE}]{{2}}|.", re.DOTALL),
    lambda piece: piece[0],
    lambda text: re.sub(f"[{_SINGLE}]", lambda found: found[0] * 2, text),
)
_ESCAPED = str.maketrans({each: f"`{each}" for each in f"`${_DOUBLE}"} | {"\n": "`n", "\r": "`r"})
_BARE = re.compile(rf"-s{SETTING}\Z|.*asyncify-\w+@")
_JOINS = frozenset({"+"})
_OPERATORS = frozenset(
    ["-f", "-join", "-replace", "-creplace", "-ireplace", "-split", "-csplit", "-isplit", "-as", "-eq", "-ne"]
)


def lists(source: str) -> Iterator[ListInFile]:
    """Find the lists (see ``Format.lists``)."""
    yield from literal_lists(LANGUAGE, source)
    for token in LANGUAGE.tokens(source):
        if token.kind != "string" and _BARE.match(token.chars):
            raise token.text.error(
                "PowerShell splits what is outside quotes at commas: put this argument into single quotes"
            )


def _variable(source: str, found: re.Match[str], _before: Sequence[Token]) -> tuple[Token, int]:
    return mark(source, *found.span(), "name", found[found.lastgroup or 0]), found.end()


def _lines(source: str, found: re.Match[str], _before: Sequence[Token]) -> tuple[Token, int]:
    return _expandable(source, found.span(), found.span("lines")), found.end()


def _double(source: str, found: re.Match[str], _before: Sequence[Token]) -> tuple[Token, int]:
    end = _double_end(source, found.end())
    return _expandable(source, (found.start(), end + 1), (found.end(), end)), end + 1


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


def _expandable(source: str, span: tuple[int, int], body: tuple[int, int]) -> Token:
    """Make a token of an expandable string."""
    pieces: list[str] = []
    at, end = body
    while (at := source.find("$(", at, end)) >= 0:
        stop = min(_subexpression_end(source, at + 2), end)
        pieces.append(re.escape(source[at:stop]))
        at = stop
    inner = "".join(f"{each}|" for each in pieces)
    pattern = re.compile(
        rf"`u\{{[0-9a-fA-F]{{1,6}}\}}|`\r\n|`.|{inner}\$\{{[^}}]*\}}|\$(?:\w+:)?\w+|\$[$?^]|[{_DOUBLE}]{{2}}|.",
        re.DOTALL,
    )
    return Strings(pattern, _UNDO, lambda text: text.translate(_ESCAPED)).token(source, span, body)


_STRINGS = {"single": _SINGLE_STRINGS, "raw_lines": Strings()}
_SPECIAL: dict[str, Special] = {
    "variable": _variable,
    "braced": _variable,
    "lines": _lines,
    "double": _double,
}
LANGUAGE = Language(
    name="PowerShell script",
    shebang=r"\bpwsh\b",
    tokens=lambda source: tokens_of(source, _TOKEN, _STRINGS, _SPECIAL),
    quote=lambda name: f"'{_SINGLE_STRINGS.escape(name)}'",
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
