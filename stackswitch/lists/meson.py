"""Lists in Meson's build files.

Strings are in single quotes with Python's escapes, or in three of them without any; ``@NAME@`` is filled in
where an ``f`` stands before. Source: Meson's reference manual, "Syntax".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from .elements import Place
from .languages import Language, Token
from .lexing import c_escape, c_unescape, mark, string
from .literals import literal_places

FORMAT = "Meson file"
_TOKEN = re.compile(
    r"""(?P<blank>[ \t\f]+|\\\r?\n|\#[^\r\n]*)|(?P<newline>\r?\n|\r)|(?P<f>f)?'''(?P<raw>.*?)'''"""
    r"""|(?P<g>f)?'(?P<body>(?:[^'\\\n]|\\.)*)'|(?P<name>\w+)|(?P<mark>\+=|==|!=|<=|>=|.)""",
    re.DOTALL,
)
_ESCAPES = r"\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-7]{1,3}|N\{[^}]*\}|.)"
_PIECES = re.compile(rf"{_ESCAPES}|.", re.DOTALL)
_FORMAT_PIECES = re.compile(rf"{_ESCAPES}|@\w+@|.", re.DOTALL)
_RAW_FORMAT_PIECES = re.compile(r"@\w+@|.", re.DOTALL)


def recognise(source: str, path: str = "") -> bool:
    """Whether a text is a Meson file: only its name says so."""
    del source, path
    return False


def places(source: str, path: str = "") -> Iterator[Place]:
    """Find the lists.

    :raises ListFileError: one is malformed
    """
    yield from literal_places(source, _LANGUAGE, path)


def _unescape(piece: str) -> str | None:
    if len(piece) > 1 and piece.startswith("@"):
        return None
    if piece in ("\\'", "\\\\"):
        return piece[1]
    if re.match(r"\\[0-7]", piece):
        return chr(int(piece[1:], 8))
    if piece.startswith("\\N") or not piece.startswith("\\"):
        return None if len(piece) > 1 else piece
    # An escape that is none stands as it is.
    return c_unescape(piece, known="ntrbfva") or piece


def _tokens(source: str) -> Sequence[Token]:
    found = []
    for each in _TOKEN.finditer(source):
        span = each.span()
        if each["raw"] is not None:
            pieces = _RAW_FORMAT_PIECES if each["f"] else None
            found.append(string(source, span, each.span("raw"), pieces, _unescape, str))
        elif each["body"] is not None:
            pieces = _FORMAT_PIECES if each["g"] else _PIECES
            found.append(string(source, span, each.span("body"), pieces, _unescape, c_escape("'")))
        elif each.lastgroup in ("newline", "name"):
            found.append(mark(source, *span, "newline" if each.lastgroup == "newline" else "name"))
        elif each.lastgroup == "mark":
            found.append(mark(source, *span))
    return found


_LANGUAGE = Language(
    name=FORMAT,
    tokens=_tokens,
    quote=lambda name: f"'{c_escape(chr(39))(name)}'",
    brackets={"[": "]"},
    joins=frozenset({"+"}),
    after=frozenset({",", ")", "]", "}"}),
)
