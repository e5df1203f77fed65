"""Lists in Rust, as ``build.rs`` has them: ``println!("cargo:rustc-link-arg=-sASYNCIFY_ONLY=…")`` and arrays.

Source: the Rust reference, "Tokens"; ``std::fmt`` for the braces of ``println!`` and its kin.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from .elements import Place
from .languages import Language, Token
from .lexing import c_escape, c_unescape, mark, string
from .literals import literal_places

FORMAT = "Rust file"
_TOKEN = re.compile(
    r"""(?P<blank>[ \t\r\n]+|//[^\n]*)|(?P<block>/\*)|[bc]?r(?P<hashes>\#*)"(?P<raw>.*?)"(?P=hashes)"""
    r"""|[bc]?"(?P<body>(?:[^"\\]|\\.)*)"|b?'(?:[^'\\\n]|\\[^u\n]|\\u\{[^}]*\}|\\x..)'|(?P<name>[^\W\d]\w*|'\w+)"""
    r"""|(?P<number>\d\w*)|(?P<mark>[-+*/%^&|=<>!]?=|=>|->|::|.)""",
    re.DOTALL,
)
_ESCAPES = r"\\(?:x[0-9a-fA-F]{2}|u\{[0-9a-fA-F_]{1,8}\}|\r?\n\s*|.)"
_PIECES = re.compile(rf"{_ESCAPES}|.", re.DOTALL)
_FORMAT_PIECES = re.compile(rf"{_ESCAPES}|\{{\{{|\}}\}}|\{{[^{{}}]*\}}|.", re.DOTALL)
_RAW_FORMAT_PIECES = re.compile(r"\{\{|\}\}|\{[^{}]*\}|.", re.DOTALL)
_FORMATTING = re.compile(r"(?:e?print(?:ln)?|format|format_args|panic|write(?:ln)?)\Z")


def recognise(source: str, path: str = "") -> bool:
    """Whether a text is Rust: only its name says so."""
    del source, path
    return False


def places(source: str, path: str = "") -> Iterator[Place]:
    """Find the lists.

    :raises ListFileError: one is malformed
    """
    yield from literal_places(source, _LANGUAGE, path)


def _unescape(piece: str) -> str | None:
    if piece in ("{{", "}}"):
        return piece[0]
    if piece.startswith("{") and len(piece) > 1:
        return None
    if re.match(r"\\\r?\n", piece):
        return ""
    if piece in ('\\"', "\\'", "\\\\"):
        return piece[1]
    return c_unescape(piece.replace("_", ""), known="ntr0", numbers="xu") if piece[0] == "\\" else piece


def _escape(text: str) -> str:
    return re.sub(r"\\x([89a-f].)", r"\\u{\1}", c_escape('"')(text))


def _doubled(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")


def _tokens(source: str) -> Sequence[Token]:
    found: list[Token] = []
    at = 0
    while each := _TOKEN.match(source, at):
        span = each.span()
        at = each.end()
        formats = _formats(found)
        if each["block"] is not None:
            at = _block_end(source, at)
        elif each["raw"] is not None:
            pieces = _RAW_FORMAT_PIECES if formats else None
            escape = _doubled if formats else str
            found.append(string(source, span, each.span("raw"), pieces, _unescape, escape))
        elif each["body"] is not None:
            pieces = _FORMAT_PIECES if formats else _PIECES
            escape = (lambda text: _escape(_doubled(text))) if formats else _escape
            found.append(string(source, span, each.span("body"), pieces, _unescape, escape))
        elif each.lastgroup in ("name", "number"):
            found.append(mark(source, *span, "name"))
        elif each.lastgroup == "mark":
            found.append(mark(source, *span))
    return found


def _formats(before: Sequence[Token]) -> bool:
    """Whether a string here is one with values to fill in: the first, or for ``write!`` the second."""
    opened = next((at for at in range(len(before) - 1, -1, -1) if before[at].chars == "("), 0)
    return (
        opened >= 2
        and before[opened - 1].chars == "!"
        and _FORMATTING.match(before[opened - 2].chars) is not None
        and not any(each.kind == "string" for each in before[opened:])
    )


def _block_end(source: str, at: int) -> int:
    """Return the offset behind a block comment; they nest."""
    depth = 1
    for each in re.compile(r"/\*|\*/").finditer(source, at):
        depth += 1 if each[0] == "/*" else -1
        if not depth:
            return each.end()
    return len(source)


_LANGUAGE = Language(
    name=FORMAT,
    tokens=_tokens,
    quote=lambda name: f'"{_escape(name)}"',
    brackets={"[": "]"},
    joins=frozenset(),
    before=frozenset({"&", "vec", "!"}),
    after=frozenset({",", ";", ")", "]", "}"}),
    comment="//",
    block="/*",
)
