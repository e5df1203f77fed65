"""Lists in a Dockerfile: in the shell text of its instructions, lines joined as Docker joins them.

Docker takes out an escape character at a line's end together with the line's end, and comment lines and
blank lines between continued lines, before the shell sees any of it; even inside quotes. Source: the
Dockerfile reference, "Escape", "Format" and "Here-documents".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import takewhile

from stackswitch.errors import ListFileError

from ..elements import ListInFile
from ..source import DecodedText, Encoder
from .json_text import STRING
from .shell import HEREDOC
from .words import argument_lists, mentions_list, shell_lists

_DIRECTIVE = re.compile(r"#\s*escape\s*=\s*(\S)\s*\Z", re.IGNORECASE)
_EXEC_FORM = re.compile(
    r"\s*(?:RUN|CMD|ENTRYPOINT|SHELL)\s+(?:--\S+\s+)*\[.*\]\s*\Z", re.IGNORECASE | re.DOTALL
)
_DOCKERS_OWN = re.compile(r"\s*(?:ENV|ARG)\s", re.IGNORECASE)
_JSON_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"')


def recognise(source: str) -> bool:
    """Whether a text is a Dockerfile: its first instruction is one that may stand first."""
    lines = (line for line in source.splitlines() if line.strip() and not line.lstrip().startswith("#"))
    return re.match(r"\s*(FROM|ARG)\s+\S", next(lines, ""), re.IGNORECASE) is not None


def lists(source: str) -> Iterator[ListInFile]:
    """Find the lists (see ``Format.lists``)."""
    if not recognise(source):
        raise ListFileError("this is no Dockerfile: it begins neither with FROM nor with ARG")
    for text in instructions(source):
        if not mentions_list(text.chars):
            continue
        if _EXEC_FORM.match(text.chars):
            yield from _exec_form(text)
        else:
            if _DOCKERS_OWN.match(text.chars):
                text = replace(text, encode=_without_backticks(text.encode))
            yield from shell_lists(text)


def _exec_form(text: DecodedText) -> Iterator[ListInFile]:
    """Find the lists in the JSON array of an instruction's exec form: no shell reads its strings.

    :raises ListFileError: it goes over several lines
    """
    start, end = text.starts[0], text.limit
    if end - start != len(text.chars):
        raise text.error(
            "a list in an exec form of several lines is not edited: put it on one line, or use a shell"
        )
    previous = ""
    for found in _JSON_STRING.finditer(text.source, start, end):
        argument = STRING.text(text.source, *found.span(1))
        yield from argument_lists(argument, previous)
        previous = argument.chars


def _without_backticks(encode: Encoder) -> Encoder:
    """Refuse what Docker, which reads this instruction by itself, takes otherwise than a shell."""

    def checked(at: int, text: str) -> str:
        if "`" in text:
            raise ListFileError("ENV and ARG cannot hold a backtick")
        return encode(at, text)

    return checked


def instructions(source: str) -> Iterator[DecodedText]:
    """Take a Dockerfile apart: each instruction without its continuations, each here-document by itself."""
    escape = _escape_character(source)
    continued = re.compile(rf"{re.escape(escape)}[ \t]*\r?\n?\Z")
    at = 0
    pending: list[int] = []
    lines = iter(source.splitlines(keepends=True))
    for line in lines:
        start, at = at, at + len(line)
        if line.lstrip().startswith("#") or not line.strip():
            continue
        more = continued.search(line)
        pending += range(start, start + (more.start() if more else len(line)))
        if more:
            continue
        text = DecodedText.gather(source, pending)
        yield text
        pending = []
        for heredoc in re.finditer(HEREDOC, text.chars):
            body: list[int] = []
            for following in lines:
                start, at = at, at + len(following)
                if following.strip() == heredoc["tag"]:
                    break
                body += range(start, at)
            yield DecodedText.gather(source, body)
    if pending:
        yield DecodedText.gather(source, pending)


def _escape_character(source: str) -> str:
    """Return what continues a line: a backslash, unless the first comments say otherwise."""
    comments = takewhile(lambda line: line.startswith("#"), source.splitlines())
    return next((found[1] for each in comments if (found := _DIRECTIVE.match(each))), "\\")
