"""Lists in any TOML: settings as keys, and link arguments in Cargo's ``config.toml``.

``rustflags`` is an array of arguments, or a string that Cargo splits at blanks. Source: TOML 1.0, "String",
and Cargo's reference, ``build.rustflags``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from .elements import Place
from .languages import Language, Token
from .lexing import c_escape, c_unescape, mark, string
from .literals import literal_places

_TOKEN = re.compile(
    r"""(?P<blank>[ \t]+|\#[^\n]*)|(?P<newline>\r?\n)"""
    r"""|\"""(?:\r?\n)?(?P<lines>(?:[^\\]|\\.)*?\"{0,2})\"""(?!\")"""
    r"""|'''(?:\r?\n)?(?P<raw_lines>.*?'{0,2})'''(?!')|"(?P<basic>(?:[^"\\\n]|\\.)*)"|'(?P<raw>[^'\n]*)'"""
    r"""|(?P<name>[\w+:-][\w+:-]*)|(?P<mark>.)""",
    re.DOTALL,
)
_PIECES = re.compile(r"\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[ \t]*\r?\n\s*|.)|.", re.DOTALL)
_CONTROL = re.compile(r"\\x(..)")


def value_places(source: str, name: str, path: str = "") -> Iterator[Place]:
    """Find the lists.

    :param name: what the kind of file is called
    :raises ListFileError: one is malformed
    """
    language = Language(
        name=name,
        tokens=_tokens,
        quote=lambda text: f'"{_escape(text)}"',
        brackets={"[": "]"},
        assigns=frozenset({"="}),
        joins=frozenset(),
        after=frozenset({",", "]", "}"}),
        blank_keys=frozenset({"rustflags"}),
        goes_on=frozenset(),
    )
    yield from literal_places(source, language, path)


def _escape(text: str) -> str:
    return _CONTROL.sub(r"\\u00\1", c_escape('"')(text))


def _unescape(piece: str) -> str | None:
    if piece in ('\\"', "\\\\"):
        return piece[1]
    if re.match(r"\\\s", piece):
        return ""
    if piece == "\\e":
        return "\x1b"
    return c_unescape(piece, known="ntrbf", numbers="xuU")


def _tokens(source: str) -> Sequence[Token]:
    found: list[Token] = []
    for each in _TOKEN.finditer(source):
        span, group = each.span(), each.lastgroup or ""
        if group in ("lines", "basic"):
            found.append(string(source, span, each.span(group), _PIECES, _unescape, _escape))
        elif group in ("raw_lines", "raw"):
            found.append(string(source, span, each.span(group), None, str, str))
        elif group == "newline":
            found.append(mark(source, *span, "newline"))
        elif group in ("name", "mark"):
            found.append(mark(source, *span, "name" if group == "name" else "mark"))
    return found
