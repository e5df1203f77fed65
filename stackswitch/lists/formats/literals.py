"""Lists in programs and build scripts: arrays and strings that are literals, found among a language's tokens.

A value is edited only if it is literal as a whole: strings, joined strings, or an array of strings, with
nothing applied to it. Anything else is a list that is put together elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from stackswitch.errors import ListFileError

from ..elements import Element, ListInFile, array_list
from ..source import DecodedText, line_of
from .lexing import Language, Token
from .values import setting_list
from .words import KEY, MENTIONS, SETTING, argument_lists, mentions_list

_SET = re.compile(rf"({SETTING})=")
_ANNOTATION = 40
"""The most tokens that a type between a name and its value may have."""


def literal_lists(language: Language, source: str) -> Iterator[ListInFile]:
    """Find the lists.

    :raises ListFileError: one is malformed
    """
    if MENTIONS.search(source):
        yield from _LiteralReader(source, language).run()


class _LiteralReader:
    def __init__(self, source: str, language: Language) -> None:
        self.source = source
        self.language = language
        self.tokens = [*language.tokens(source)]
        end = len(source)
        self.tokens.append(Token("newline", DecodedText.empty(source, end), end, end))

    def run(self) -> Iterator[ListInFile]:
        at = 0
        while at < len(self.tokens):
            value = self._value_of(at)
            if value is not None:
                place, at = self._value(value, self.tokens[at].chars.upper())
                yield place
            elif self.tokens[at].kind == "string":
                stop = self._string_end(at)
                if any(mentions_list(each.chars) for each in self.tokens[at:stop]):
                    yield from self._argument(at, stop)
                at = stop
            else:
                at += 1

    def _is(self, at: int, marks: frozenset[str] | set[str] | dict[str, str]) -> bool:
        return (
            at < len(self.tokens)
            and self.tokens[at].kind in ("mark", "name")
            and self.tokens[at].chars in marks
        )

    def _value_of(self, at: int) -> int | None:
        """Return where the value begins, if a list's name that is given one stands here."""
        token = self.tokens[at]
        if token.kind not in ("name", "string") or not KEY.match(token.chars):
            return None
        at += 1
        if token.kind == "string" and self._is(at, {"]"}) and self._is(at + 1, {"="}):
            return at + 2  # os.environ["ASYNCIFY_ONLY"] = …
        if not self._is(at, self.language.assigns):
            return None
        if self.tokens[at].chars == ":" and self.tokens[at + 1].kind == "string":
            return at + 1
        if self.tokens[at].chars == ":" and not self._is(at + 1, self.language.brackets):
            return self._behind_annotation(at + 1)
        return at + 1

    def _behind_annotation(self, at: int) -> int | None:
        """Return where the value begins behind a type: ``name: type = value``."""
        depth = 0
        for behind in range(at, min(at + _ANNOTATION, len(self.tokens))):
            token = self.tokens[behind]
            depth += token.chars in ("[", "(", "<") and token.kind == "mark"
            depth -= token.chars in ("]", ")", ">") and token.kind == "mark"
            if token.kind == "newline" or depth < 0 or self._is(behind, {";", "{"}):
                return None
            if not depth and self._is(behind, {"="}):
                return behind + 1
            if not depth and self._is(behind, {","}):
                return None
        return None

    def _value(self, at: int, variable: str) -> tuple[ListInFile, int]:
        """Return the list in the value that begins here, and the token behind it."""
        begin = at
        while self._is(at, self.language.before):
            at += 1
        array = self._array(at) or self._bare_array(at)
        if array is not None:
            elements, inside, at = array
            if self._ends(at):
                return self._array_list(variable, elements, inside), at
        strings = self._strings(at)
        if strings is not None:
            text, at = strings
            if self._ends(at):
                return setting_list(text, variable=variable, fragment=True), at
        return self._composed(begin, variable), begin + 1

    def _ends(self, at: int) -> bool:
        if self.tokens[at].kind == "newline":
            return not self._is(self._skip_lines(at), self.language.goes_on)
        return self._is(at, self.language.after)

    def _skip_lines(self, at: int) -> int:
        while at < len(self.tokens) - 1 and self.tokens[at].kind == "newline":
            at += 1
        return at

    def _array(self, at: int) -> tuple[list[Token], tuple[int, int], int] | None:
        """Read an array of strings: them, the offsets within its brackets, the token behind it."""
        if not self._is(at, self.language.brackets):
            return None
        inside, closing = self.tokens[at].end, self.language.brackets[self.tokens[at].chars]
        tuple_like = self.tokens[at].chars == "("
        elements: list[Token] = []
        commas = 0
        at = self._skip_lines(at + 1)
        while not self._is(at, {closing}):
            if self.tokens[at].kind != "string" or len(elements) > commas:
                return None
            elements.append(self.tokens[at])
            at += 1
            separated = self.language.line_ends_separate and self.tokens[at].kind == "newline"
            at = self._skip_lines(at)
            if self._is(at, {","}) or separated:
                commas += 1
                at = self._skip_lines(at + 1 if self._is(at, {","}) else at)
        if tuple_like and len(elements) == 1 and not commas:
            return None  # a string in parentheses
        return elements, (inside, self.tokens[at].start), at + 1

    def _bare_array(self, at: int) -> tuple[list[Token], tuple[int, int], int] | None:
        """Read strings with commas between them and no brackets around them."""
        elements: list[Token] = []
        while self.language.bare_arrays and self.tokens[at].kind == "string":
            elements.append(self.tokens[at])
            if not self._is(at + 1, {","}):
                break
            at = self._skip_lines(at + 2)
        if len(elements) < 2 or self.tokens[at].kind != "string":
            return None
        return elements, (elements[0].start, elements[-1].end), at + 1

    def _strings(self, at: int) -> tuple[DecodedText, int] | None:
        """Read strings that are joined to one, in parentheses or not: the text, the token behind it."""
        parenthesised = self._is(at, {"("})
        first = self._skip_lines(at + 1) if parenthesised else at
        if self.tokens[first].kind != "string":
            return None
        end = self._string_end(first, lines=parenthesised)
        text = _joined([each.text for each in self.tokens[first:end] if each.kind == "string"])
        if parenthesised:
            end = self._skip_lines(end)
            if not self._is(end, {")"}):
                return None
            end += 1
        return text, end

    def _string_end(self, at: int, *, lines: bool = False) -> int:
        """Return the token behind the strings that are joined to the one here."""
        at += 1
        while True:
            following = self._skip_lines(at) if lines else at
            if self._is(following, self.language.joins):
                following = self._skip_lines(following + 1) if lines else following + 1
            elif "" not in self.language.joins:
                return at
            if self.tokens[following].kind != "string":
                return at
            at = following + 1

    def _argument(self, at: int, stop: int) -> Iterator[ListInFile]:
        """Find the lists in strings that are joined: an argument, or a command line."""
        tokens = self.tokens[at:stop]
        if tokens[0].lone and stop == at + 1:
            return
        text = _joined([each.text for each in tokens if each.kind == "string"])
        previous = self.tokens[at - 1] if at else None
        if self._is(at - 1, {","}) and at > 1:
            previous = self.tokens[at - 2]
        before = previous.chars if previous is not None and previous.kind == "string" else ""
        opened = (
            at == 0
            or self.tokens[at - 1].kind in ("newline", "name", "string")
            or self.tokens[at - 1].chars in ("[", "(", "{", "@(", ",", "=", "+=", ":", "=>", "?", "&", ";")
        )
        if opened and self._may_end(stop):
            blanks_split = self._is(at - 1, {"="}) and self._is(at - 2, self.language.blank_keys)
            yield from argument_lists(text, before, blanks_split=blanks_split)
            return
        for found in _SET.finditer(text.chars):
            yield self._composed_at(found[1].upper(), self.tokens[at].start, self.tokens[stop].start)

    def _may_end(self, at: int) -> bool:
        following = self.tokens[at]
        if following.kind == "newline":
            return self._ends(at)
        if following.kind == "mark":
            return following.chars in {*self.language.after, ":"}
        return following.kind == "string" or following.chars.lower() not in self.language.operators

    def _composed(self, at: int, variable: str) -> ListInFile:
        start = self.tokens[at].start
        stop = self.source.find("\n", start)
        return self._composed_at(variable, start, len(self.source) if stop < 0 else stop)

    def _composed_at(self, variable: str, start: int, end: int) -> ListInFile:
        """Return a list that is not literal."""
        found = setting_list(DecodedText.empty(self.source, start), variable=variable, fragment=True)
        what = " ".join(self.source[start:end].split()) or "nothing"
        return replace(found, expansions=(what if len(what) <= 60 else f"{what[:59]}…",))

    def _array_list(self, variable: str, tokens: list[Token], inside: tuple[int, int]) -> ListInFile:
        self._refuse_block_comments(tokens, inside, variable)
        by_start = {each.start: each for each in tokens}

        def render(name: str, like: Element | None) -> str:
            if like is not None:
                spelled = by_start[like.start].quoted(name)
                again = self.language.tokens(spelled)
                if [each.chars for each in again if each.kind != "newline"] == [name]:
                    return spelled
            return self.language.quote(name)

        return array_list(
            self.source,
            variable,
            [Element(each.chars, each.start, each.end) for each in tokens],
            inside,
            render,
            expansions=tuple(part for each in tokens for part in each.text.expansions),
            comment=self.language.comment,
            format_=f"{self.language.name}, an array",
        )

    def _refuse_block_comments(self, tokens: list[Token], inside: tuple[int, int], variable: str) -> None:
        """Reject a comment among the names that need not end with its line."""
        ends = [inside[0], *(each.end for each in tokens)]
        starts = [*(each.start for each in tokens), inside[1]]
        for start, end in zip(ends, starts, strict=True):
            if self.language.block and self.language.block in self.source[start:end]:
                raise ListFileError(
                    f"{variable} has a comment {self.language.block} … among its names: begin it with "
                    f"{self.language.comment}, or put it before the list",
                    line=line_of(self.source, start),
                )


def _joined(texts: Sequence[DecodedText]) -> DecodedText:
    """Join the texts of strings: each character is spelled as its own string has it."""
    if len(texts) == 1:
        return texts[0]
    owners = [(text, at) for text in texts for at in range(len(text.chars))]
    last = texts[-1]

    def encode(at: int, new: str) -> str:
        owner, place = owners[at] if at < len(owners) else (last, len(last.chars))
        return owner.encode(place, new)

    return DecodedText(
        "".join(text.chars for text in texts),
        [start for text in texts for start in text.starts],
        [end for text in texts for end in text.ends],
        last.source,
        encode,
        limit=last.limit,
    )
