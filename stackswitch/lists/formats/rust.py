"""Lists in Rust, as ``build.rs`` has them: ``println!("cargo:rustc-link-arg=-sASYNCIFY_ONLY=…")`` and arrays.

Source: the Rust reference, "Tokens"; ``std::fmt`` for the braces of ``println!`` and its kin.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from .lexing import Escapes, Language, Strings, Token, c_escape, tokens_of

_TOKEN = re.compile(
    r"""(?P<blank>[ \t\r\n]+|//[^\n]*)|(?P<block>/\*)|[bc]?r(?P<hashes>\#*)"(?P<raw>.*?)"(?P=hashes)"""
    r"""|[bc]?"(?P<body>(?:[^"\\]|\\.)*)"|b?'(?:[^'\\\n]|\\[^u\n]|\\u\{[^}]*\}|\\x..)'|(?P<name>[^\W\d]\w*|'\w+|\d\w*)"""
    r"""|(?P<mark>[-+*/%^&|=<>!]?=|=>|->|::|.)""",
    re.DOTALL,
)
_PIECE = r"\\(?:x[0-9a-fA-F]{2}|u\{[0-9a-fA-F][0-9a-fA-F_]{0,7}\}|\r?\n\s*|.)|."
_VALUE = r"\{\{|\}\}|\{[^{}]*\}"
_UNDO = Escapes("ntr0", doubled=r"\{\{|\}\}").undo
_ESCAPE = c_escape('"')
_FORMATTING = re.compile(r"(?:e?print(?:ln)?|format|format_args|panic|write(?:ln)?)\Z")


def _doubled(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")


_STRINGS = {
    "raw": Strings(),
    "raw_format": Strings(re.compile(rf"{_VALUE}|.", re.DOTALL), _UNDO, _doubled),
    "body": Strings(re.compile(_PIECE, re.DOTALL), _UNDO, _ESCAPE),
    "body_format": Strings(
        re.compile(rf"{_VALUE}|{_PIECE}", re.DOTALL), _UNDO, lambda text: _ESCAPE(_doubled(text))
    ),
}


def _string(source: str, found: re.Match[str], before: Sequence[Token]) -> tuple[Token, int]:
    group = found.lastgroup or ""
    strings = _STRINGS[f"{group}_format" if _formats(before) else group]
    return strings.token(source, found.span(), found.span(group)), found.end()


def _formats(before: Sequence[Token]) -> bool:
    """Whether a string here is one with values to fill in: the first, or for ``write!`` the second."""
    opened = next((at for at in range(len(before) - 1, -1, -1) if before[at].chars == "("), 0)
    return (
        opened >= 2
        and before[opened - 1].chars == "!"
        and _FORMATTING.match(before[opened - 2].chars) is not None
        and not any(each.kind == "string" for each in before[opened:])
    )


def _block(source: str, found: re.Match[str], _before: Sequence[Token]) -> tuple[None, int]:
    """Skip a block comment; they nest."""
    depth = 1
    for each in re.compile(r"/\*|\*/").finditer(source, found.end()):
        depth += 1 if each[0] == "/*" else -1
        if not depth:
            return None, each.end()
    return None, len(source)


LANGUAGE = Language(
    name="Rust file",
    tokens=lambda source: tokens_of(source, _TOKEN, {}, {"block": _block, "raw": _string, "body": _string}),
    quote=lambda name: f'"{_ESCAPE(name)}"',
    brackets={"[": "]"},
    joins=frozenset(),
    before=frozenset({"&", "vec", "!"}),
    comment="//",
    block="/*",
)
