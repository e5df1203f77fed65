"""Words as a POSIX shell (and bash, for ``$'…'``) reads them, each character with its place in the file."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from ..source import EXPANSION, DecodedText, TextBuilder
from .lexing import CONTROLS

Context = Literal["bare", "single", "double", "ansi"]
HEREDOC = r"<<-?[ \t]*(?P<quote>['\"]?)(?P<tag>\w+)(?P=quote)"
_ANSI = CONTROLS | {each: each for each in "\\'\"?"} | {"E": "\x1b"}
del _ANSI["0"]  # an octal number begins with it
_SAFE = re.compile(r"[A-Za-z0-9_@%+=:,./\[\]-]+\Z")
_VALUE = r"(?P<value>\$(?:[A-Za-z_]\w*|[0-9@*#?$!-]|\{[^}]*\})|`[^`]*`)|(?P<substitution>\$\()"
_NUMBER = r"x[0-9a-fA-F]{1,2}|u[0-9a-fA-F]{1,4}|U[0-9a-fA-F]{1,8}|[0-7]{1,3}"
_PIECES: dict[Context, re.Pattern[str]] = {
    "bare": re.compile(
        rf"""(?P<blank>[ \t\r]+)|(?P<heredoc>{HEREDOC})|(?P<operator>[;&|<>()\n])|(?P<comment>\#[^\n]*)"""
        rf"""|(?P<open>\$?'|")|{_VALUE}|(?P<join>\\\r?\n)|\\(?P<escaped>.)|(?P<char>.)""",
        re.DOTALL,
    ),
    "single": re.compile(r"(?P<close>')|(?P<char>.)", re.DOTALL),
    "double": re.compile(
        rf"""(?P<close>")|{_VALUE}|(?P<join>\\\n)|\\(?P<escaped>[$`"\\])|(?P<char>.)""", re.DOTALL
    ),
    "ansi": re.compile(
        rf"""(?P<close>')|\\(?P<number>{_NUMBER})|\\(?P<letter>[\\'"?abtnvfreE])|(?P<char>.)""", re.DOTALL
    ),
}
_QUOTES: dict[str, Context] = {"'": "single", '"': "double", "$'": "ansi"}


@dataclass(frozen=True)
class Word:
    """A word: its text, and the quote that was left open, if one was."""

    text: DecodedText
    open_quote: str = ""


def shell_words(text: DecodedText) -> list[Word]:
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
    def __init__(self, text: DecodedText) -> None:
        self.outer = text
        self.source = text.chars
        self.at = 0
        self.context: Context = "bare"
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
        self.opened = (0, 0)
        self.last_quote: Context = "bare"

    def run(self) -> list[Word]:
        while piece := _PIECES[self.context].match(self.source, self.at):
            start, self.at = piece.span()
            self._step(piece, start)
        if self.context != "bare":
            self.open_quote = '"' if self.context == "double" else "'"
            self._close()
        self._end_word()
        return self.words

    def _step(self, piece: re.Match[str], start: int) -> None:
        kind = piece.lastgroup or ""
        if kind == "blank":
            self._end_word()
        elif kind in ("heredoc", "operator"):
            self._end_word()
            if kind == "heredoc":
                self.heredocs.append(piece["tag"])
            elif piece[0] == "\n":
                self._skip_heredocs()
        elif kind == "open":
            self.begun = True
            self.context = self.last_quote = _QUOTES[piece[0]]
            self.opened = start, len(self.built.chars)
        elif kind == "close":
            self._close()
        elif kind == "substitution":
            self.at = self._substitution_end(start) or start + 1
            self._take("$" if self.at == start + 1 else EXPANSION, start)
        elif kind == "comment" and self.begun:
            self.at = start + 1
            self._take("#", start)
        elif kind not in ("comment", "join"):
            self._take(_decoded(piece, kind), start)

    def _skip_heredocs(self) -> None:
        for name in self.heredocs:
            end = re.compile(rf"^\t*{re.escape(name)}\r?$", re.MULTILINE).search(self.source, self.at)
            self.at = end.end() if end else len(self.source)
        self.heredocs = []

    def _take(self, decoded: str, start: int) -> None:
        """Note a character that was read, from an offset in the outer text on."""
        self.begun = True
        self.built.take(decoded, self.outer.starts[start], self.outer.ends[self.at - 1])
        self.contexts += [(self.context, start)] * len(decoded)

    def _close(self) -> None:
        begin, first = self.opened
        span = (self.outer.starts[begin], self.outer.ends[self.at - 1])
        self.segments[first, len(self.built.chars)] = span
        self.context = "bare"

    def _substitution_end(self, start: int) -> int | None:
        if self.broken:
            return None
        depth, at, quote = 0, start + 1, ""
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


def _decoded(piece: re.Match[str], kind: str) -> str:
    """Return what a piece stands for."""
    if kind == "value":
        return EXPANSION
    if kind == "letter":
        return _ANSI[piece["letter"]]
    if kind == "number":
        digits = piece["number"]
        value = int(digits[1:], 16) if digits[0] in "xuU" else int(digits, 8)
        return chr(min(value, 0x10FFFF))
    return piece[kind]
