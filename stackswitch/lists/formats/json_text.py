"""Lists in JSON: command lines in strings (``package.json``), arrays of arguments, and settings as keys.

A file that is one array of names is the list itself (``-sASYNCIFY_ONLY=@file.json``).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence

from stackswitch.errors import ListFileError
from stackswitch.tools.parsing import json_value

from ..elements import Element, ListInFile, array_list
from .lexing import Strings, Token, tokens_of
from .values import setting_list
from .words import VARIABLE, argument_lists, mentions_list

_TOKEN = re.compile(
    r'(?P<blank>\s+)|"(?P<string>(?:[^"\\]|\\.)*)"|(?P<name>[^\s\[\]{},:"]+)|(?P<mark>.)', re.DOTALL
)
_PIECES = re.compile(
    r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|.)|.", re.DOTALL
)
_KEY = re.compile(rf"{VARIABLE}\Z")


def _undo(piece: str) -> str | None:
    try:
        return str(json.loads(f'"{piece}"', strict=False))
    except ValueError:
        return None


STRING = Strings(_PIECES, _undo, lambda text: json.dumps(text, ensure_ascii=False)[1:-1])


def recognise(source: str) -> bool:
    """Whether a text is JSON with a list's name in it."""
    if not source.lstrip().startswith(("{", "[")) or not mentions_list(source):
        return False
    try:
        json_value(source)
    except ValueError:
        return False
    return True


def lists(source: str) -> Iterator[ListInFile]:
    """Find the lists (see ``Format.lists``)."""
    try:
        document = json_value(source)
    except ValueError as error:
        line = getattr(error, "lineno", None)
        raise ListFileError(f"not valid JSON: {error}", line=line) from None
    if isinstance(document, dict) and "schema_version" in document:
        return  # a result of ours: lists in it are of what was missing
    tokens = _tokens(source)
    previous = ""
    skip_to = 0
    for at, token in enumerate(tokens):
        if token.kind != "string" or token.start < skip_to:
            continue
        is_key = _is_mark(tokens, at + 1, ":")
        if is_key and _KEY.match(token.chars):
            value = tokens[at + 2]
            if _is_mark(tokens, at + 2, "["):
                if found := _array(source, tokens, at + 2, token.chars):
                    yield found
                    skip_to = found.end
            elif value.kind == "string":
                yield setting_list(value.text, variable=token.chars, fragment=True)
                skip_to = value.end
        elif not is_key and mentions_list(token.chars):
            yield from argument_lists(token.text, previous)
        previous = token.chars


def array_file(source: str) -> Iterator[ListInFile]:
    """Return a JSON array as the one list of a file; only emcc reads such a file.

    :raises ListFileError: it is no array of names
    """
    if not source.lstrip().startswith("["):
        return
    try:
        json_value(source)
        found = _array(source, _tokens(source), 0, "")
    except ValueError:
        found = None
    if found is None:
        raise ListFileError("this begins as a JSON array and is not one of names", line=1)
    yield found


def _tokens(source: str) -> list[Token]:
    return tokens_of(source, _TOKEN, {"string": STRING})


def _is_mark(tokens: Sequence[Token], at: int, mark: str) -> bool:
    return at < len(tokens) and tokens[at].kind == "mark" and tokens[at].chars == mark


def _array(source: str, tokens: Sequence[Token], at: int, variable: str) -> ListInFile | None:
    """Return the list in an array of strings; None if it has anything else in it."""
    stop = next(end for end in range(at, len(tokens)) if _is_mark(tokens, end, "]"))
    strings = [each for each in tokens[at + 1 : stop] if not (each.kind == "mark" and each.chars == ",")]
    if any(each.kind != "string" for each in strings):
        return None
    elements = [Element(each.chars, each.start, each.end) for each in strings]
    # A file that escapes what is not ASCII continues to do so.
    escaped = any("\\u" in source[each.start : each.end] for each in elements)
    return array_list(
        source,
        variable,
        elements,
        (tokens[at].end, tokens[stop].start),
        lambda name, _like: json.dumps(name, ensure_ascii=escaped),
    )
