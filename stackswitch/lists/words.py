"""Lists on command lines and in assignments, as shell words have them, and in the arguments of a program."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from stackswitch.errors import ListFileError

from .elements import Place
from .shell import Word, shell_words
from .source import Encoder, Text, line_of
from .values import setting_place
from .wasm_opt_args import OPTION, VARIABLES, argument_place

SETTING = r"(?:ASYNCIFY_(?:ONLY|ADD|REMOVE|IMPORTS|WHITELIST|BLACKLIST)|JSPI_(?:EXPORTS|IMPORTS))"
"""emcc's settings that are lists of names, the two old names included."""
VARIABLE = rf"(?:{SETTING}(?:_[A-Z0-9_]+)?)"
"""What a variable that holds one is called: the setting, maybe with something after it."""
KEY = re.compile(rf"{VARIABLE}\Z", re.IGNORECASE)
"""The same where a program or a document sets it: in capitals or not."""
MENTIONS = re.compile(rf"{VARIABLE}|asyncify-\w+@", re.IGNORECASE)
_ASSIGNMENT = re.compile(rf"({VARIABLE})\+?=")
_FLAG = re.compile(rf"-s({SETTING})=")
_ANYWHERE = re.compile(rf"{VARIABLE}|asyncify-(?:only|white|add|remove|black|imports)")
_PLAIN = re.compile(r"[\w.:,?*#~%+=@/\[\]-]+\Z")
_DEEPEST = 3
_PREFIX = r"(?:cargo::?rustc-(?:cdylib-)?link-arg(?:-\w+)?=(?:\w+=)?|(?:-C\s*)?link-arg=)?"
_ARGUMENT = re.compile(rf"{_PREFIX}-s ?({SETTING})=")
_BLANK_FLAG = re.compile(rf"(?:^|.*\s)(?:-C\s*)?link-args?=(?:\S+\s+)*?-s({SETTING})=", re.DOTALL)
_AFTER_S = re.compile(rf"({SETTING})=")


def mentions_list(text: str) -> bool:
    """Whether a list's name stands anywhere in a text: a cheap first look."""
    return _ANYWHERE.search(text) is not None


def word_places(source: str, text: Text, *, depth: int = 0) -> Iterator[Place]:
    """Find the lists in a stretch of shell text: flags, assignments, and both inside quoted words.

    :raises ListFileError: a list is malformed, or a quote around one is not closed
    """
    if not mentions_list(text.chars):
        return
    previous = ""
    for word in shell_words(text):
        chars = word.text.chars
        if mentions_list(chars):
            if word.open_quote:
                raise _open_quote(source, word)
            yield from _in_word(source, word, previous, depth)
        previous = chars


def _in_word(source: str, word: Word, previous: str, depth: int) -> Iterator[Place]:
    chars = word.text.chars
    if quoted := _quoted_arguments(word.text):
        # An array of arguments, as build scripts in Python, JavaScript or Meson have it.
        for each in quoted:
            yield from _in_word(source, Word(each), "", depth)
        return
    flag = _FLAG.match(chars)
    if (flag or previous == "-s") and depth < _DEEPEST and _several_flags(word.text):
        yield from word_places(source, word.text, depth=depth + 1)
        return
    assignment = _ASSIGNMENT.match(chars)
    option = OPTION.match(chars)
    if option:
        value = word.text.slice(option.end(), len(chars))
        yield argument_place(source, value, VARIABLES[option[1]])
        return
    found = flag or assignment
    if found:
        if assignment and source.startswith("(", word.text.limit) and found.end() == len(chars):
            place = setting_place(source, word.text.slice(found.end(), len(chars)), variable=found[1])
            yield replace(place, expansions=("an array of the shell",))
            return
        if swallowed := _ASSIGNMENT.search(chars, found.end()):
            raise _open_quote(source, word, until=swallowed.start())
        yield setting_place(
            source,
            word.text.slice(found.end(), len(chars)),
            variable=found[1],
            fragment=not flag and previous != "-s",
        )
    elif depth < _DEEPEST and re.search(r"\s|=", chars):
        inner = word.text
        name = re.match(r"[A-Za-z_][\w.]*\+?=", chars)
        if name:  # VARIABLE="flags"
            inner = inner.slice(name.end(), len(chars))
            inner = replace(inner, encode=_either_way(inner.encode))
        yield from word_places(source, inner, depth=depth + 1)


def _either_way(encode: Encoder) -> Encoder:
    """Return what spells text in a variable of flags: it may be split at blanks, or read by a shell again.

    Only what comes out the same both ways is written.
    """

    def checked(at: int, text: str) -> str:
        bare = text[1:-1] if text.startswith("'") else text
        if re.search(r"[\\'\"$`]", bare.strip('"')) or (bare is not text and not _PLAIN.match(bare)):
            raise ListFileError("a variable of flags cannot hold this name")
        return encode(at, bare)

    return checked


def _quoted_arguments(text: Text) -> list[Text]:
    """Return the arguments with a list that are quoted for themselves within a word, as in ``['-sX=a',``."""
    return [
        text.slice(start, end)
        for start, end in text.segments
        if end - start < len(text.chars)
        and not (text.chars[:start].strip("[({") + text.chars[end:].strip(",;])}"))
        and (_FLAG.match(text.chars, start, end) or OPTION.match(text.chars, start, end))
    ]


def _several_flags(text: Text) -> bool:
    """Whether a word is a quoted command line: further flags follow the first."""
    return any(word.text.chars.startswith("-") for word in shell_words(text)[1:])


def _open_quote(source: str, word: Word, until: int | None = None) -> ListFileError:
    where = _ANYWHERE.search(word.text.chars)
    at = word.text.place(where.start() if where else 0)
    more = f": it takes in line {line_of(source, word.text.place(until))}" if until is not None else ""
    quote = f" ({word.open_quote})" if word.open_quote else ""
    return ListFileError(f"a quote{quote} around this list is not closed{more}", line=line_of(source, at))


def argument_places(source: str, text: Text, previous: str, *, blanks_split: bool = False) -> Iterator[Place]:
    """Find the lists in a string.

    :param previous: the argument before it: ``-s`` may stand there by itself
    :param blanks_split: what reads it splits it at blanks and knows no quotes (Cargo's ``rustflags``)
    :raises ListFileError: one is malformed
    """
    if not mentions_list(text.chars):
        return
    chars = text.chars
    if blanks_split or re.match(r"(?:-C\s*)?link-args=", chars):
        found = _BLANK_FLAG.match(chars)
        if found:
            blank = re.compile(r"\s|\Z").search(chars, found.end())
            value = text.slice(found.end(), blank.start() if blank else len(chars))
            yield setting_place(source, value, variable=found[1])
        return
    flag = _ARGUMENT.match(chars) or (_AFTER_S.match(chars) if previous == "-s" else None)
    if flag and not re.search(r"\s-", chars[flag.end() :]):
        yield setting_place(source, text.slice(flag.end(), len(chars)), variable=flag[1])
    else:
        yield from word_places(source, text)
