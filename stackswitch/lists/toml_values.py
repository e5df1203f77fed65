"""Lists in any TOML: settings as keys, and link arguments in Cargo's ``config.toml``.

``rustflags`` is an array of arguments, or a string that Cargo splits at blanks. Source: TOML 1.0, "String",
and Cargo's reference, ``build.rustflags``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from .elements import Place
from .languages import Language
from .lexing import Escapes, Strings, c_escape, tokens_of
from .literals import literal_places

_TOKEN = re.compile(
    r"""(?P<blank>[ \t]+|\#[^\n]*)|(?P<newline>\r?\n)"""
    r"""|\"""(?:\r?\n)?(?P<lines>(?:[^\\]|\\.)*?\"{0,2})\"""(?!\")"""
    r"""|'''(?:\r?\n)?(?P<raw_lines>.*?'{0,2})'''(?!')|"(?P<basic>(?:[^"\\\n]|\\.)*)"|'(?P<raw>[^'\n]*)'"""
    r"""|(?P<name>[\w+:-][\w+:-]*)|(?P<mark>.)""",
    re.DOTALL,
)
_UNDO = Escapes("ntrbfe", '"\\', "xuU").undo
_PIECES = re.compile(r"\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[ \t]*\r?\n\s*|.)|.", re.DOTALL)
_ESCAPE = c_escape('"', "\\u{:04x}")
_ESCAPED = Strings(_PIECES, _UNDO, _ESCAPE)
_STRINGS = {"lines": _ESCAPED, "basic": _ESCAPED, "raw_lines": Strings(), "raw": Strings()}


def value_places(source: str, name: str) -> Iterator[Place]:
    """Find the lists.

    :param name: what the kind of file is called
    :raises ListFileError: one is malformed
    """
    language = Language(
        name=name,
        tokens=lambda text: tokens_of(text, _TOKEN, _STRINGS),
        quote=lambda text: f'"{_ESCAPE(text)}"',
        brackets={"[": "]"},
        assigns=frozenset({"="}),
        joins=frozenset(),
        after=frozenset({",", "]", "}"}),
        blank_keys=frozenset({"rustflags"}),
        goes_on=frozenset(),
    )
    yield from literal_places(language, source)
