"""What the reading of a language's lists needs: its description, its tokens, and what escapes stand for."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from ..source import EXPANSION, DecodedText, TextBuilder

Kind = Literal["string", "name", "mark", "newline"]


@dataclass(frozen=True)
class Token:
    """A token: a string with its text decoded, a name, a mark or a line's end."""

    kind: Kind
    text: DecodedText
    start: int
    end: int
    lone: bool = False
    """It is a statement by itself, as a docstring is."""

    @property
    def chars(self) -> str:
        """The text: of a string, what it stands for."""
        return self.text.chars

    def quoted(self, name: str) -> str:
        """Write a name as this string is written."""
        text = self.text
        opening, closing = text.source[self.start : text.place(0)], text.source[text.limit : self.end]
        return opening + text.encode(0, name) + closing


@dataclass(frozen=True)
class Language:
    """What the reading of a language's lists needs.

    :ivar name: the kind of file, for messages
    :ivar tokens: takes a text apart; comments and blanks are left out
    :ivar quote: writes a name as a string, where none stands beside it
    :ivar brackets: what an array of strings may stand in
    :ivar shebang: matches what the first line of a script has behind ``#!``; empty: there is no such line
    :ivar assigns: marks between a name and its value
    :ivar joins: marks between strings that are joined; ``""``: strings that stand side by side are
    :ivar before: marks and names that may stand before a value and change nothing
    :ivar after: marks and names that may follow a value and change nothing; a line's end may always
    :ivar operators: names behind a string that make another value of it
    :ivar blank_keys: names whose string is split at blanks
    :ivar goes_on: marks that go on with the value at the beginning of the next line
    :ivar comment: what begins a comment that goes to the line's end
    :ivar block: what begins any other comment
    :ivar bare_arrays: strings with commas between them are an array without brackets
    :ivar line_ends_separate: so do line ends within brackets
    """

    name: str
    tokens: Callable[[str], Sequence[Token]]
    quote: Callable[[str], str]
    brackets: dict[str, str]
    shebang: str = ""
    assigns: frozenset[str] = frozenset({"=", "+=", ":"})
    joins: frozenset[str] = frozenset({"+"})
    before: frozenset[str] = frozenset()
    after: frozenset[str] = frozenset({",", ";", ")", "]", "}"})
    operators: frozenset[str] = frozenset()
    blank_keys: frozenset[str] = frozenset()
    goes_on: frozenset[str] = frozenset({"+", ".", "/", "%", "*"})
    comment: str = "#"
    block: str = ""
    bare_arrays: bool = False
    line_ends_separate: bool = False

    def recognise(self, source: str) -> bool:
        """Whether a text is a script of this language, by its first line."""
        return bool(self.shebang) and re.match(rf"#![^\n]*{self.shebang}", source) is not None


_KINDS: dict[str, Kind] = {"name": "name", "mark": "mark", "newline": "newline"}
CONTROLS = dict(zip("0abtnvfre", "\0\a\b\t\n\v\f\r\x1b", strict=True))
"""Letters for control characters, as they are in all languages that have them."""


@dataclass(frozen=True)
class Escapes:
    """What the pieces of a string stand for.

    :ivar letters: the letters of ``CONTROLS`` that the language has
    :ivar themselves: characters that stand for themselves behind the mark
    :ivar numbers: letters before a code point in hexadecimal
    :ivar octal: octal digits are a code point
    :ivar joins_lines: an escaped line end is nothing, and neither are the blanks around it
    :ivar other: what any other escape is: as it is written, its character, or nothing that can be edited
    :ivar doubled: matches two characters that stand for the first
    :ivar more: further letters
    :ivar mark: begins an escape
    """

    letters: str
    themselves: str = "\\\"'"
    numbers: str = "xu"
    octal: bool = False
    joins_lines: bool = True
    other: Literal["as written", "bare", "unknown"] = "unknown"
    doubled: str = ""
    more: Mapping[str, str] = field(default_factory=dict)
    mark: str = "\\"

    def undo(self, piece: str) -> str | None:
        """Return what a piece stands for; None: it is a value that is filled in, or an unknown escape."""
        if piece[0] != self.mark or len(piece) == 1:
            return piece if len(piece) == 1 else piece[0] if re.fullmatch(self.doubled, piece) else None
        code = piece[1:]
        if self.joins_lines and "\n" in code:
            return ""
        if code in self.letters:
            return CONTROLS[code]
        if code in self.themselves:
            return code
        if code[0] in self.numbers and len(code) > 1:
            value = int(code[1:].strip("{}").replace("_", ""), 16)
            return chr(value) if value <= 0x10FFFF else self._other(piece)
        if self.octal and code[0] in "01234567":
            return chr(int(code, 8))
        return self.more.get(code, self._other(piece))

    def _other(self, piece: str) -> str | None:
        if self.other == "bare":
            return None if piece[1] in self.numbers else piece[1:]
        return piece if self.other == "as written" and piece[1] != "N" else None


@dataclass(frozen=True)
class Strings:
    """A kind of string.

    :ivar pieces: matches an escape, a value or one character
    :ivar undo: what a piece stands for; None: a value that is filled in
    :ivar escape: writes text so that it can stand in such a string
    """

    pieces: re.Pattern[str] = re.compile(".", re.DOTALL)
    undo: Callable[[str], str | None] = str
    escape: Callable[[str], str] = str

    def text(self, source: str, start: int, end: int) -> DecodedText:
        """Decode a stretch of the file, quotes not included."""
        built = TextBuilder(source)
        for piece in self.pieces.finditer(source, start, end):
            undone = self.undo(piece[0])
            built.take(EXPANSION if undone is None else undone, *piece.span())
        return built.text(lambda _at, text: self.escape(text), end if built.chars else start)

    def token(self, source: str, span: tuple[int, int], body: tuple[int, int]) -> Token:
        """Make a token of a string.

        :param span: where it stands, quotes included
        :param body: where, without them
        """
        return Token("string", self.text(source, *body), *span)


Special = Callable[[str, "re.Match[str]", list[Token]], "tuple[Token | None, int]"]
"""Makes a token (None: of a comment) of what a regular expression alone cannot match, and says where it ends.

It is given the source, the match that begins it, and the tokens before it.
"""


def tokens_of(
    source: str,
    pattern: re.Pattern[str],
    strings: Mapping[str, Strings],
    special: Mapping[str, Special] | None = None,
) -> list[Token]:
    """Take a text apart.

    :param pattern: matches any text; the last group of a match says what it is: ``name``, ``mark``,
        ``newline``, or a key of the two tables; anything else is left out
    :param strings: the kinds of string; the group is the string without its quotes
    """
    found: list[Token] = []
    at = 0
    while each := pattern.match(source, at):
        span, group = each.span(), each.lastgroup or ""
        at = each.end()
        if special and group in special:
            token, at = special[group](source, each, found)
            found += [token] if token else []
        elif group in strings:
            found.append(strings[group].token(source, span, each.span(group)))
        elif group in _KINDS:
            found.append(mark(source, *span, _KINDS[group]))
    return found


def mark(source: str, start: int, end: int, kind: Kind = "mark", chars: str | None = None) -> Token:
    """Make a token that is no string."""
    text = source[start:end] if chars is None else chars
    return Token(kind, DecodedText(text, range(start, start + len(text)), [], source, limit=end), start, end)


def c_escape(quote: str, control: str = "\\x{:02x}") -> Callable[[str], str]:
    """Return what escapes text with backslashes for a string in these quotes.

    :param control: how the language writes control characters that have no letter
    """
    special = re.compile(rf"[{re.escape(quote)}\\\x00-\x1f\x7f]")
    letters = {"\n": "\\n", "\r": "\\r", "\t": "\\t", "\\": "\\\\", quote: f"\\{quote}"}
    return lambda text: special.sub(
        lambda found: letters.get(found[0]) or control.format(ord(found[0])), text
    )
