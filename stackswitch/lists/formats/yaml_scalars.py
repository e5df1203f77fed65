"""Strings in YAML: where each of their characters stands, and how a new name is written as one.

Source: YAML 1.2, chapters 7.3 (flow styles) and 8.1 (block styles).
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from ..source import DecodedText, TextBuilder
from .lexing import Escapes, Strings

if TYPE_CHECKING:
    from ruamel.yaml.nodes import ScalarNode

_FOLD = r"[ \t]*\r?\n(?:[ \t]*\r?\n)*[ \t]*"
_ESCAPE = r"\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|\r?\n(?:[ \t]*\r?\n)*[ \t]*|.)"
_ESCAPES = Escapes(
    letters="0abtnvfre",
    themselves='\t "/\\',
    numbers="xuU",
    doubled="''",
    more={"N": "\x85", "_": "\xa0", "L": "\u2028", "P": "\u2029"},
)


def _undo(piece: str) -> str | None:
    if breaks := piece.count("\n"):
        return "\n" * (breaks - 1) or ("" if piece[0] == "\\" else " ")
    return _ESCAPES.undo(piece)


def _double(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)[1:-1].replace("\x7f", "\\x7f")


_FLOW = {
    "": Strings(re.compile(f"{_FOLD}|.", re.DOTALL), _undo),
    "'": Strings(re.compile(f"{_FOLD}|''|.", re.DOTALL), _undo, lambda text: text.replace("'", "''")),
    '"': Strings(re.compile(f"{_FOLD}|{_ESCAPE}|.", re.DOTALL), _undo, _double),
}
"""Flow scalars by their quotes."""
_HEADER = re.compile(r"[|>](?P<one>[1-9+-]*)[ \t]*(?:#[^\n]*)?\r?\n")
_PLAIN = re.compile(r"[A-Za-z_][\w$.]*\Z", re.ASCII)
_NOT_STRINGS = frozenset(["true", "false", "yes", "no", "on", "off", "y", "n", "null"])


class UnusualScalarError(Exception):
    """The string is written in a way that is not decoded here."""


def scalar_text(source: str, node: ScalarNode) -> DecodedText:
    """Decode a string.

    :raises UnusualScalarError: ruamel.yaml reads it in another way than we do
    """
    start, end = node.start_mark.index, node.end_mark.index
    if node.style in ("|", ">"):
        text = _block(source, start, end, folded=node.style == ">")
        if text.chars.rstrip("\n") == node.value.rstrip("\n"):
            return text
        raise UnusualScalarError
    if node.style in ("'", '"'):
        start, end = start + 1, end - 1
    text = _FLOW[node.style or ""].text(source, start, end)
    if text.chars != node.value:
        raise UnusualScalarError
    return text


def _block(source: str, start: int, end: int, *, folded: bool) -> DecodedText:
    """Decode a block scalar: lines without their indentation; in a folded one, joined by blanks."""
    header = _HEADER.match(source, start)
    if header is None:
        raise UnusualScalarError
    lines: list[tuple[int, int]] = []
    at = header.end()
    while at < end:
        stop = source.find("\n", at)
        stop = len(source) if stop < 0 else stop + 1
        lines.append((at, min(stop, end)))
        at = stop
    digits = re.sub(r"\D", "", header["one"])
    indent = _indent(source, lines)
    if digits and indent % int(digits):
        raise UnusualScalarError
    gathered = TextBuilder(source)
    for first, last in lines:
        begin = min(first + indent, first + len(source[first:last]) - len(source[first:last].lstrip(" ")))
        content = source[begin:last].rstrip("\r\n")
        for place, char in enumerate(content, begin):
            gathered.take(char, place, place + 1)
        gathered.take("\n", begin + len(content), last)
    if folded:
        _fold(gathered)
    margin = " " * indent

    def encode(_at: int, text: str) -> str:
        return text.replace("\n", f"\n{margin}")

    limit = gathered.ends[-1] if gathered.ends else end
    return gathered.text(encode, limit)


def _indent(source: str, lines: list[tuple[int, int]]) -> int:
    for first, last in lines:
        line = source[first:last]
        if line.strip():
            return len(line) - len(line.lstrip(" "))
    return 0


def _fold(gathered: TextBuilder) -> None:
    """Make blanks of single line ends between lines; whoever calls compares with what was to come out."""
    text = "".join(gathered.chars)
    for found in re.finditer(r"(?<=[^\n])\n(?=[^\n \t])", text):
        gathered.chars[found.start()] = " "


def is_no_string(plain: str) -> bool:
    """Whether a plain string is a truth value or null for some parser, be it of YAML 1.1."""
    return plain.lower() in _NOT_STRINGS or plain == "~"


def spell_scalar(name: str, style: str | None) -> str:
    """Write a name as a string: plain if that is one for certain, else in quotes.

    :param style: the quotes that its neighbour has
    """
    if not style and _PLAIN.match(name) and not is_no_string(name):
        return name
    if style == '"' or not name.isprintable():
        return f'"{_double(name)}"'
    return f"'{_FLOW[chr(39)].escape(name)}'"
