"""What the lexers of several languages share: tokens from a pattern, strings from their escapes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from .languages import Kind, Token
from .source import EXPANSION, Encoder, Text

Unescape = Callable[[str], "str | None"]
"""Says what an escape stands for; None: a value that is filled in."""


def mark(source: str, start: int, end: int, kind: Kind = "mark", chars: str | None = None) -> Token:
    """Make a token that is no string."""
    text = source[start:end] if chars is None else chars
    return Token(kind, Text(text, range(start, start + len(text)), [], limit=end), start, end)


def string(
    source: str,
    span: tuple[int, int],
    body: tuple[int, int],
    pieces: re.Pattern[str] | None,
    unescape: Unescape,
    escape: Callable[[str], str],
) -> Token:
    """Make a token of a string.

    :param span: where it stands, quotes included
    :param body: where, without them
    :param pieces: matches an escape or one character; None: every character stands for itself
    :param unescape: what an escape stands for
    :param escape: writes text so that it can stand in this string
    """
    chars: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for start, end in _spans(source, body, pieces):
        piece = source[start:end]
        decoded = piece if len(piece) == 1 and pieces is None else unescape(piece)
        for char in EXPANSION if decoded is None else decoded:
            chars.append(char)
            starts.append(start)
            ends.append(end)
    encode: Encoder = lambda _at, text: escape(text)  # noqa: E731
    text = Text("".join(chars), starts, ends, encode, limit=body[1] if chars else body[0])
    return Token("string", text, *span)


def _spans(source: str, body: tuple[int, int], pieces: re.Pattern[str] | None) -> Iterator[tuple[int, int]]:
    if pieces is None:
        yield from ((at, at + 1) for at in range(*body))
    else:
        yield from (each.span() for each in pieces.finditer(source, *body))


_C_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v", "a": "\a", "0": "\0"}


def c_escape(quote: str, more: str = "") -> Callable[[str], str]:
    """Return what escapes text with backslashes for a string in these quotes.

    :param more: further characters that take a backslash
    """
    special = "".join({quote[:1], "\\", *more})

    def escape(text: str) -> str:
        text = re.sub(f"[{re.escape(special)}]", lambda found: f"\\{found[0]}", text)
        text = text.replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")
        return re.sub(r"[\x00-\x1f\x7f]", lambda found: f"\\x{ord(found[0]):02x}", text)

    return escape


def c_unescape(piece: str, known: str = "ntrbfva0", numbers: str = "xuU") -> str | None:
    """Return what an escape of one character or of a number stands for; None: it is none of these."""
    if not piece.startswith("\\"):
        return piece
    code = piece[1:]
    if code[:1] in known and len(code) == 1:
        return _C_ESCAPES[code]
    if code[:1] in numbers and len(code) > 1:
        value = int(code[1:].strip("{}"), 16)
        return chr(value) if value <= 0x10FFFF else None
    return None
