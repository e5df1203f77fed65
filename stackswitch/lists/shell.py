"""Words as a POSIX shell (and bash, for ``$'…'``) reads them, each character with its place in the file."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from .lexing import CONTROLS
from .source import EXPANSION, Text, TextBuilder

Context = Literal["bare", "single", "double", "ansi"]
_ANSI = CONTROLS | {each: each for each in "\\'\"?"} | {"E": "\x1b"}
del _ANSI["0"]  # an octal number begins with it
_ANSI_NUMBER = re.compile(r"x([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{1,4})|U([0-9a-fA-F]{1,8})|([0-7]{1,3})")
_SAFE = re.compile(r"[A-Za-z0-9_@%+=:,./\[\]-]+\Z")
_EXPANSION = re.compile(r"\$(?:[A-Za-z_]\w*|[0-9@*#?$!-]|\{[^}]*\})")
HEREDOC = re.compile(r"<<-?[ \t]*(['\"]?)(\w+)\1")
_OPERATORS = ";&|<>()\n"


@dataclass(frozen=True)
class Word:
    """A word: its text, and the quote that was left open, if one was."""

    text: Text
    open_quote: str = ""


def shell_words(text: Text) -> list[Word]:
    """Take text apart into words; operators and comments are dropped, as are the bodies of here-documents."""
    return _Lexer(text).run()


def spell(context: Context, text: str) -> str:
    """Spell text for a place inside quotes of a kind, or outside any."""
    if context == "single":
        return text.replace("'", "'\\''")
    if context == "double":
        return re.sub(r'([\\"$`])', r"\\\1", text)
    if context == "ansi":
        text = re.sub(r"([\\'])", r"\\\1", text)
        return text.replace("\n", "\\n").replace("\t", "\\t").replace("\r", "\\r")
    if _SAFE.match(text):
        return text
    return "'" + text.replace("'", "'\\''") + "'"


class _Lexer:
    def __init__(self, text: Text) -> None:
        self.outer = text
        self.source = text.chars
        self.at = 0
        self.words: list[Word] = []
        self.heredocs: list[str] = []
        self.broken = False
        """A ``$(`` is not closed: to look for the end of each that follows would take quadratic time."""
        self._new_word()

    def _new_word(self) -> None:
        self.built = TextBuilder(self.outer.source)
        self.contexts: list[tuple[Context, int]] = []
        self.segments: dict[tuple[int, int], tuple[int, int]] = {}
        self.begun = False
        self.open_quote = ""
        self.last_quote: Context = "bare"

    def run(self) -> list[Word]:
        while self.at < len(self.source):
            self._step()
        self._end_word()
        return self.words

    def _step(self) -> None:
        char = self.source[self.at]
        following = self.source[self.at + 1 : self.at + 2]
        if char in " \t\r":
            self._end_word()
            self.at += 1
        elif char in _OPERATORS:
            self._operator(char)
        elif char == "#" and not self.begun:
            end = self.source.find("\n", self.at)
            self.at = len(self.source) if end < 0 else end
        elif char == "'":
            self._quoted("single", 1)
        elif char == '"':
            self._quoted("double", 1)
        elif char == "$" and following == "'":
            self._quoted("ansi", 2)
        elif char in "$`" and self._expansion("bare"):
            pass
        elif char == "\\" and following:
            if following == "\n":
                self.at += 2
            elif self.source.startswith("\r\n", self.at + 1):
                self.at += 3
            else:
                self._take(following, self.at, self.at + 2, "bare")
        else:
            self._take(char, self.at, self.at + 1, "bare")

    def _operator(self, char: str) -> None:
        heredoc = HEREDOC.match(self.source, self.at)
        self._end_word()
        if heredoc:
            self.heredocs.append(heredoc[2])
            self.at = heredoc.end()
            return
        self.at += 1
        if char == "\n" and self.heredocs:
            for name in self.heredocs:
                end = re.compile(rf"^\t*{re.escape(name)}\r?$", re.MULTILINE).search(self.source, self.at)
                self.at = end.end() if end else len(self.source)
            self.heredocs = []

    def _take(self, decoded: str, start: int, end: int, context: Context) -> None:
        """Note a character; start and end are in the outer text."""
        self.begun = True
        self.built.take(decoded, self.outer.starts[start], self.outer.ends[end - 1])
        self.contexts += [(context, start)] * len(decoded)
        self.at = end

    def _quoted(self, context: Context, opening: int) -> None:
        self.begun = True
        self.last_quote = context
        begin, first = self.at, len(self.built.chars)
        closing = '"' if context == "double" else "'"
        self.at += opening
        while self.at < len(self.source) and self.source[self.at] != closing:
            char = self.source[self.at]
            if char == "\\" and context != "single" and self.at + 1 < len(self.source):
                self._escape(context)
            elif char in "$`" and context == "double" and self._expansion("double"):
                pass
            else:
                self._take(char, self.at, self.at + 1, context)
        if self.at >= len(self.source):
            self.open_quote = closing
        else:
            self.at += 1
        span = (self.outer.starts[begin], self.outer.ends[self.at - 1])
        self.segments[first, len(self.built.chars)] = span

    def _escape(self, context: Context) -> None:
        following = self.source[self.at + 1]
        if context == "double":
            if following == "\n":
                self.at += 2
            elif following in '$`"\\':
                self._take(following, self.at, self.at + 2, context)
            else:
                self._take("\\", self.at, self.at + 1, context)
            return
        number = _ANSI_NUMBER.match(self.source, self.at + 1)
        if following in _ANSI:
            self._take(_ANSI[following], self.at, self.at + 2, context)
        elif number:
            digits, base = next(
                (group, 8 if at == 3 else 16) for at, group in enumerate(number.groups()) if group
            )
            self._take(chr(min(int(digits, base), 0x10FFFF)), self.at, number.end(), context)
        else:
            self._take("\\", self.at, self.at + 1, context)

    def _expansion(self, context: Context) -> bool:
        """Pass over ``$NAME``, ``${…}``, ``$(…)`` or backticks, if one stands here."""
        plain = _EXPANSION.match(self.source, self.at)
        end = plain.end() if plain else self._substitution_end()
        if end is None:
            return False
        self._take(EXPANSION, self.at, end, context)
        return True

    def _substitution_end(self) -> int | None:
        if self.source[self.at] == "`":
            end = self.source.find("`", self.at + 1)
            return None if end < 0 else end + 1
        if self.broken or not self.source.startswith("$(", self.at):
            return None
        depth, at, quote = 0, self.at + 1, ""
        while at < len(self.source):
            char = self.source[at]
            if char == "\\" and quote != "'":
                at += 1
            elif quote:
                quote = "" if char == quote else quote
            elif char in "'\"":
                quote = char
            elif char in "()":
                depth += 1 if char == "(" else -1
                if depth == 0:
                    return at + 1
            at += 1
        self.broken = True
        return None

    def _end_word(self) -> None:
        if self.begun:
            contexts, outer, end = tuple(self.contexts), self.outer, self.at
            closing = contexts[-1][0] if contexts else self.last_quote

            def encode(at: int, text: str) -> str:
                context, place = contexts[at] if at < len(contexts) else (closing, end)
                return outer.encode(place, spell(context, text))

            limit = self.built.ends[-1] if self.built.ends else outer.place(end)
            if not self.built.chars and self.segments:
                limit = next(reversed(self.segments.values()))[1] - 1
            self.words.append(Word(self.built.text(encode, limit, self.segments), self.open_quote))
        self._new_word()
