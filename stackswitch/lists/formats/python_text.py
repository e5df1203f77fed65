"""Lists in Python build scripts: assignments, dictionaries, and the argument lists of ``subprocess``.

Python's own parser says whether the text is Python, its tokenizer where each string stands, and
``ast.literal_eval`` what it holds. Those give byte ranges, so no other parser is needed.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
import warnings
from collections.abc import Iterator, Sequence
from itertools import pairwise

from stackswitch.errors import ListFileError

from ..elements import ListInFile
from .lexing import Escapes, Language, Strings, Token, c_escape, mark
from .literals import literal_lists

_STRING = re.compile(r"""(?P<prefix>[A-Za-z]*)(?P<quote>'''|\"""|'|")""")
_PIECES = re.compile(
    r"\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-7]{1,3}|N\{[^}]*\}|\r?\n|.)|.", re.DOTALL
)
_FILLED_IN = re.compile(r"\{[^{}]*\}|\\.|.", re.DOTALL)
_UNDO = Escapes("ntrbfva", numbers="xuU", octal=True, other="as written").undo
_FORMATTED = frozenset({"FSTRING_START", "TSTRING_START"})
_FORMATTED_END = frozenset({"FSTRING_END", "TSTRING_END"})


def lists(source: str) -> Iterator[ListInFile]:
    """Find the lists (see ``Format.lists``)."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(source)
        yield from literal_lists(LANGUAGE, source)
    except (SyntaxError, ValueError, RecursionError, MemoryError, tokenize.TokenError) as error:
        raise ListFileError(
            f"this is no Python that can be read here: {getattr(error, 'msg', None) or error}",
            line=getattr(error, "lineno", None),
        ) from None


def _tokens(source: str) -> Sequence[Token]:
    lines = list(io.StringIO(source, newline=""))
    offsets = [0]
    for line in lines:
        offsets.append(offsets[-1] + len(line))
    found: list[Token] = []
    formatted: list[int] = []
    for each in tokenize.generate_tokens(iter([*lines, ""]).__next__):
        kind = tokenize.tok_name[each.type]
        start, end = (offsets[min(row, len(offsets)) - 1] + column for row, column in (each.start, each.end))
        if kind in _FORMATTED:
            formatted.append(start)
        elif kind in _FORMATTED_END:
            start = formatted.pop()
            if not formatted:
                found.append(_string(source, start, end))
        elif formatted:
            continue
        elif kind == "STRING":
            found.append(_string(source, start, end))
        elif kind == "NEWLINE":
            found.append(mark(source, start, end, "newline"))
        elif kind in ("NAME", "NUMBER", "OP"):
            found.append(mark(source, start, end, "mark" if kind == "OP" else "name"))
    return _with_lone(found)


def _with_lone(tokens: list[Token]) -> list[Token]:
    """Mark the strings that are statements by themselves."""
    for at, (token, following) in enumerate(pairwise(tokens)):
        begins = not at or tokens[at - 1].kind == "newline"
        if token.kind == "string" and begins and following.kind == "newline":
            tokens[at] = Token("string", token.text, token.start, token.end, lone=True)
    return tokens


def _string(source: str, start: int, end: int) -> Token:
    opening = _STRING.match(source, start, end)
    if opening is None:
        return mark(source, start, end, "name")
    prefix, quote = opening["prefix"].lower(), opening["quote"]
    body = (opening.end(), end - len(quote))
    if "b" in prefix:
        return mark(source, start, end, "name")
    if "f" in prefix or "t" in prefix:
        return _filled_in(source, (start, end), body)
    strings = Strings() if "r" in prefix else Strings(_PIECES, _UNDO, c_escape(quote[0]))
    token = strings.token(source, (start, end), body)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        value = ast.literal_eval(source[start:end])
    # Line ends of any kind are \n to Python.
    same = token.chars.replace("\r\n", "\n").replace("\r", "\n") == value.replace("\r", "\n")
    return token if same else _filled_in(source, (start, end), body)


def _filled_in(source: str, span: tuple[int, int], body: tuple[int, int]) -> Token:
    """Make a token of a string that is not literal: its braces are filled in."""
    strings = Strings(_FILLED_IN, lambda piece: None if piece[0] in "{}\\" else piece)
    return strings.token(source, span, body)


LANGUAGE = Language(
    name="Python script",
    shebang=r"\bpython[\d.]*\b",
    tokens=_tokens,
    quote=lambda name: f'"{c_escape(chr(34))(name)}"',
    brackets={"[": "]", "(": ")", "{": "}"},
    assigns=frozenset({"=", "+=", ":", ":="}),
    joins=frozenset({"+", ""}),
)
