"""Lists on command lines and in assignments, as shell words have them, and in the arguments of a program."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from stackswitch.errors import ListFileError

from ..elements import ListInFile
from ..source import DecodedText, Encoder, line_of
from .shell import Word, shell_words
from .values import OPTION, option_list, setting_list

SETTING = r"(?:ASYNCIFY_(?:ONLY|ADD|REMOVE|IMPORTS|WHITELIST|BLACKLIST)|JSPI_(?:EXPORTS|IMPORTS))"
"""emcc's settings that are lists of names, the two old names included."""
VARIABLE = rf"(?:{SETTING}(?:_[A-Z0-9_]+)?)"
"""What a variable that holds one is called: the setting, maybe with something after it."""
KEY = re.compile(rf"{VARIABLE}\Z", re.IGNORECASE)
"""The same where a program or a document sets it: in capitals or not."""
MENTIONS = re.compile(rf"{VARIABLE}|asyncify-\w+@", re.IGNORECASE)
_ASSIGNMENT = re.compile(rf"({VARIABLE})\+?=")
FLAG = re.compile(rf"-s({SETTING})=")
_ANYWHERE = re.compile(rf"{VARIABLE}|asyncify-(?:only|white|add|remove|black|imports)")
_PLAIN = re.compile(r"[\w.:,?*#~%+=@/\[\]-]+\Z")
_DEEPEST = 3
_PREFIX = r"(?:cargo::?rustc-(?:cdylib-)?link-arg(?:-\w+)?=(?:\w+=)?|(?:-C\s*)?link-arg=)?"
_ARGUMENT = re.compile(rf"{_PREFIX}-s ?({SETTING})=")
_BLANK_FLAG = re.compile(rf"(?:^|.*\s)(?:-C\s*)?link-args?=(?:\S+\s+)*?-s({SETTING})=", re.DOTALL)
AFTER_S = re.compile(rf"({SETTING})=")


def mentions_list(text: str) -> bool:
    """Whether a list's name stands anywhere in a text: a cheap first look."""
    return _ANYWHERE.search(text) is not None


def shell_lists(text: DecodedText, *, depth: int = 0) -> Iterator[ListInFile]:
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
                raise _open_quote(word)
            yield from _in_word(word, previous, depth)
        previous = chars


def _in_word(word: Word, previous: str, depth: int) -> Iterator[ListInFile]:
    chars = word.text.chars
    if quoted := _quoted_arguments(word.text):
        # An array of arguments, as build scripts in Python, JavaScript or Meson have it.
        for each in quoted:
            yield from _in_word(Word(each), "", depth)
        return
    flag = FLAG.match(chars)
    if (flag or previous == "-s") and depth < _DEEPEST and _several_flags(word.text):
        yield from shell_lists(word.text, depth=depth + 1)
        return
    assignment = _ASSIGNMENT.match(chars)
    option = OPTION.match(chars)
    if option:
        yield option_list(word.text, option)
        return
    found = flag or assignment
    if found:
        if swallowed := _ASSIGNMENT.search(chars, found.end()):
            raise _open_quote(word, until=swallowed.start())
        fragment = not flag and previous != "-s"
        setting = setting_list(word.text.slice(found.end()), variable=found[1], fragment=fragment)
        is_array = (
            assignment and word.text.source.startswith("(", word.text.limit) and found.end() == len(chars)
        )
        yield replace(setting, expansions=("an array of the shell",)) if is_array else setting
    elif depth < _DEEPEST and re.search(r"\s|=", chars):
        inner = word.text
        name = re.match(r"[A-Za-z_][\w.]*\+?=", chars)
        if name:  # VARIABLE="flags"
            inner = inner.slice(name.end())
            inner = replace(inner, encode=_either_way(inner.encode))
        yield from shell_lists(inner, depth=depth + 1)


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


def _quoted_arguments(text: DecodedText) -> list[DecodedText]:
    """Return the arguments with a list that are quoted for themselves within a word, as in ``['-sX=a',``."""
    return [
        text.slice(start, end)
        for start, end in text.segments
        if end - start < len(text.chars)
        and not (text.chars[:start].strip("[({") + text.chars[end:].strip(",;])}"))
        and (FLAG.match(text.chars, start, end) or OPTION.match(text.chars, start, end))
    ]


def _several_flags(text: DecodedText) -> bool:
    """Whether a word is a quoted command line: further flags follow the first."""
    return any(word.text.chars.startswith("-") for word in shell_words(text)[1:])


def _open_quote(word: Word, until: int | None = None) -> ListFileError:
    text = word.text
    where = _ANYWHERE.search(text.chars)
    more = f": it takes in line {line_of(text.source, text.place(until))}" if until is not None else ""
    quote = f" ({word.open_quote})" if word.open_quote else ""
    return text.error(f"a quote{quote} around this list is not closed{more}", where.start() if where else 0)


def argument_lists(text: DecodedText, previous: str, *, blanks_split: bool = False) -> Iterator[ListInFile]:
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
            value = text.slice(found.end(), blank.start() if blank else None)
            yield setting_list(value, variable=found[1])
        return
    flag = _ARGUMENT.match(chars) or (AFTER_S.match(chars) if previous == "-s" else None)
    if flag and not re.search(r"\s-", chars[flag.end() :]):
        yield setting_list(text.slice(flag.end()), variable=flag[1])
    else:
        yield from shell_lists(text)
