"""What the reading of a language's lists needs: its tokens, and which of them leave a value what it is."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from .source import Text

Kind = Literal["string", "name", "mark", "newline"]


@dataclass(frozen=True)
class Token:
    """A token: a string with its text decoded, a name, a mark or a line's end."""

    kind: Kind
    text: Text
    start: int
    end: int
    lone: bool = False
    """It is a statement by itself, as a docstring is."""

    @property
    def chars(self) -> str:
        """The text: of a string, what it stands for."""
        return self.text.chars

    def quoted(self, source: str, name: str) -> str:
        """Write a name as this string is written."""
        inner_start, inner_end = (
            (self.text.starts[0], self.text.limit) if self.chars else (self.text.limit, self.text.limit)
        )
        return source[self.start : inner_start] + self.text.encode(0, name) + source[inner_end : self.end]


@dataclass(frozen=True)
class Language:
    """What the reading of a language's lists needs.

    :ivar name: the kind of file, for messages
    :ivar tokens: takes a text apart; comments and blanks are left out
    :ivar quote: writes a name as a string, where none stands beside it
    :ivar brackets: what an array of strings may stand in
    :ivar shebang: what the first line of a script has behind ``#!``; nothing: a text cannot be told by it
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
