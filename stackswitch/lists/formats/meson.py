"""Lists in Meson's build files.

Strings are in single quotes with Python's escapes, or in three of them without any; ``@NAME@`` is filled in
where an ``f`` stands before. Source: Meson's reference manual, "Syntax".
"""

from __future__ import annotations

import re

from .lexing import Escapes, Language, Strings, c_escape, tokens_of

_TOKEN = re.compile(
    r"""(?P<blank>[ \t\f]+|\\\r?\n|\#[^\r\n]*)|(?P<newline>\r?\n|\r)"""
    r"""|f'''(?P<raw_format>.*?)'''|'''(?P<raw>.*?)'''"""
    r"""|f'(?P<format>(?:[^'\\\n]|\\.)*)'|'(?P<body>(?:[^'\\\n]|\\.)*)'|(?P<name>\w+)|(?P<mark>\+=|==|!=|<=|>=|.)""",
    re.DOTALL,
)
_PIECE = r"\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-7]{1,3}|N\{[^}]*\}|.)|."
_UNDO = Escapes("ntrbfva", "'\\", "xuU", octal=True, joins_lines=False, other="as written").undo
_ESCAPE = c_escape("'")
_STRINGS = {
    "raw": Strings(),
    "raw_format": Strings(re.compile(r"@\w+@|.", re.DOTALL), _UNDO),
    "body": Strings(re.compile(_PIECE, re.DOTALL), _UNDO, _ESCAPE),
    "format": Strings(re.compile(rf"@\w+@|{_PIECE}", re.DOTALL), _UNDO, _ESCAPE),
}

LANGUAGE = Language(
    name="Meson file",
    tokens=lambda source: tokens_of(source, _TOKEN, _STRINGS),
    quote=lambda name: f"'{_ESCAPE(name)}'",
    brackets={"[": "]"},
    joins=frozenset({"+"}),
    after=frozenset({",", ")", "]", "}"}),
)
