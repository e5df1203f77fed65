"""Lists in shell scripts and whatever reads like one: ``-sASYNCIFY_ONLY=…`` and its variables."""

from __future__ import annotations

from collections.abc import Iterator

from .elements import Place
from .source import Text
from .words import mentions_list, word_places

FORMAT = "shell text"


def recognise(source: str) -> bool:
    """Whether a text has a list's setting or variable in it somewhere."""
    return mentions_list(source)


def places(source: str) -> Iterator[Place]:
    """Find the lists.

    :raises ListFileError: one is malformed, or a quote around one is not closed
    """
    yield from word_places(source, Text.of(source), format=FORMAT)
