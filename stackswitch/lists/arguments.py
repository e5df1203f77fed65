"""Lists in a string that a program has: an argument by itself, or a command line for a shell."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .elements import Place
from .source import Text
from .values import setting_place
from .words import SETTING, mentions_list, word_places

_PREFIX = r"(?:cargo::?rustc-(?:cdylib-)?link-arg(?:-\w+)?=(?:\w+=)?|(?:-C\s*)?link-arg=)?"
_FLAG = re.compile(rf"{_PREFIX}-s ?({SETTING})=")
_BLANK_FLAG = re.compile(rf"(?:^|.*\s)(?:-C\s*)?link-args?=(?:\S+\s+)*?-s({SETTING})=", re.DOTALL)
_AFTER_S = re.compile(rf"({SETTING})=")


def argument_places(
    source: str, text: Text, previous: str, format_: str, *, blanks_split: bool = False
) -> Iterator[Place]:
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
            yield setting_place(source, value, format=format_, variable=found[1])
        return
    flag = _FLAG.match(chars) or (_AFTER_S.match(chars) if previous == "-s" else None)
    if flag and not re.search(r"\s-", chars[flag.end() :]):
        yield setting_place(source, text.slice(flag.end(), len(chars)), format=format_, variable=flag[1])
    else:
        yield from word_places(source, text, format=format_)
