"""Lists in TOML: our own tables, settings as keys, and link arguments in Cargo's ``config.toml``.

Our own are ``[asyncify] only`` and its kin in cases, ``stackswitch.toml`` and ``pyproject.toml``: tomlkit
says where those arrays are. ``rustflags`` is an array of arguments, or a string that Cargo splits at blanks.
Source: TOML 1.0, "String", and Cargo's reference, ``build.rustflags``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, MutableMapping
from typing import Any

import tomlkit
from tomlkit.items import Array

from stackswitch.errors import ListFileError
from stackswitch.tools.parsing import toml_document

from ..elements import Element, ListInFile, array_list
from ..source import line_of
from .lexing import Escapes, Language, Strings, c_escape, tokens_of
from .literals import literal_lists

_KEYS = {
    ("asyncify", "only"): "ASYNCIFY_ONLY",
    ("asyncify", "add"): "ASYNCIFY_ADD",
    ("asyncify", "remove"): "ASYNCIFY_REMOVE",
    ("asyncify", "imports"): "ASYNCIFY_IMPORTS",
    ("jspi", "exports"): "JSPI_EXPORTS",
    ("jspi", "imports"): "JSPI_IMPORTS",
}
_ROOTS: tuple[tuple[str, ...], ...] = ((), ("tool", "stackswitch"))
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
LANGUAGE = Language(
    name="TOML",
    tokens=lambda text: tokens_of(text, _TOKEN, _STRINGS),
    quote=lambda text: f'"{_ESCAPE(text)}"',
    brackets={"[": "]"},
    assigns=frozenset({"="}),
    joins=frozenset(),
    after=frozenset({",", "]", "}"}),
    blank_keys=frozenset({"rustflags"}),
    goes_on=frozenset(),
)
_SENTINEL = "stackswitch-the-list-stands-here"


def recognise(source: str) -> bool:
    """Whether a text is TOML with one of our lists in it."""
    if not re.search(r"asyncify|jspi", source) or not re.search(
        r"^\s*[^\s#=]+[^#=\n]*=", source, re.MULTILINE
    ):
        return False
    try:
        return bool(_arrays(toml_document(source)))
    except ValueError:
        return False


def lists(source: str) -> Iterator[ListInFile]:
    """Find the lists (see ``Format.lists``)."""
    try:
        document = toml_document(source)
        found = _arrays(document)
    except ValueError as error:
        raise ListFileError(f"not valid TOML: {error}", line=getattr(error, "line", None)) from None
    for table_path, key, variable in found:
        start, end = _locate(source, table_path, key)
        yield _list(source, start, end, variable)
    if not found and "why" not in document:
        # In a case, a list's name as a key is of what is expected to be missing.
        yield from literal_lists(LANGUAGE, source)


def _arrays(document: MutableMapping[str, Any]) -> list[tuple[tuple[str, ...], str, str]]:
    """Return the lists that are there: the table, the key in it, what we call it."""
    found = []
    for root in _ROOTS:
        for (table, key), variable in _KEYS.items():
            at = _table(document, (*root, table))
            if at is not None and isinstance(at.get(key), list):
                found.append(((*root, table), key, variable))
    return found


def _table(document: MutableMapping[str, Any], names: tuple[str, ...]) -> MutableMapping[str, Any] | None:
    at: Any = document
    for name in names:
        at = at.get(name) if isinstance(at, MutableMapping) else None
    return at if isinstance(at, MutableMapping) else None


def _locate(source: str, table_path: tuple[str, ...], key: str) -> tuple[int, int]:
    """Return where an array stands, brackets included: the one stretch that changes when it is exchanged."""
    document = toml_document(source)
    table = _table(document, table_path)
    if table is None or not isinstance(table[key], Array):
        raise ListFileError(f"{'.'.join(table_path)}.{key} cannot be found again in this file")
    array = table[key]
    text = array.as_string()
    table[key] = tomlkit.string(_SENTINEL)
    start = tomlkit.dumps(document).index(f'"{_SENTINEL}"')
    if source[start : start + len(text)] != text:
        raise ListFileError(
            f"{'.'.join(table_path)}.{key} is written in a way that cannot be edited in place: put it into a "
            f"table [{'.'.join(table_path)}] of its own"
        )
    return start, start + len(text)


def _list(source: str, start: int, end: int, variable: str) -> ListInFile:
    elements: list[Element] = []
    depth = 0
    for token in LANGUAGE.tokens(source[start:end]):
        if token.kind == "string":
            elements.append(Element(token.chars, start + token.start, start + token.end))
        elif token.chars in ("[", "{"):
            depth += 1
        elif token.kind != "newline" and token.chars not in ("]", "}", ","):
            depth = 2
    if depth != 1:
        raise ListFileError(f"{variable} holds something else than names", line=line_of(source, start))

    def render(name: str, like: Element | None) -> str:
        literal = like is not None and source[like.start] == "'"
        if literal and not re.search(r"['\x00-\x08\x0a-\x1f\x7f]", name):
            return f"'{name}'"
        return LANGUAGE.quote(name)

    return array_list(source, variable, elements, (start + 1, end - 1), render, spelling="binaryen")
