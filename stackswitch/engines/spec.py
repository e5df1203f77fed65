"""Parses the name of an engine: ``NAME``, ``NAME@VERSION`` or ``NAME:/path/to/it``, for every command."""

from __future__ import annotations

import re
from collections.abc import Collection
from difflib import get_close_matches
from pathlib import Path

from stackswitch.errors import ConfigError
from stackswitch.models.base import Frozen

_WHERE = r"@(?P<version>[0-9A-Za-z.^~<>=*-]+)|:(?P<path>.+)"
_WHOLE = re.compile(rf"(?:{_WHERE})?\Z", re.DOTALL)
_LIKE = 0.6
"""How similar a name must be to be suggested (0 to 1)."""


class EngineSpec(Frozen):
    """A parsed engine: a known ``name``, and at most one of ``version`` and ``path``."""

    name: str
    version: str | None = None
    path: Path | None = None


def engine_name(text: str) -> str:
    """Return the part before the version or the path."""
    return re.split("[@:]", text, maxsplit=1)[0]


def parse_engine(text: str, known: Collection[str]) -> EngineSpec:
    """Read the name of an engine.

    :param known: the names of the engines that may stand here
    :raises ConfigError: it is malformed or none of these; the message names them and the nearest match
    """
    name = engine_name(text)
    match = _WHOLE.match(text, len(name))
    if name not in known or match is None:
        near = nearest_engine(text, known)
        meant = f"; did you mean {near}?" if near else ""
        names = f"{', '.join(known)}, NAME@VERSION and NAME:/path/to/it"
        raise ConfigError(f"there is no engine {text!r}; there are {names}{meant}")
    path = match["path"]
    return EngineSpec(name=name, version=match["version"], path=Path(path).expanduser() if path else None)


def nearest_engine(text: str, known: Collection[str]) -> str | None:
    """Return the engine that was probably meant, with what is well-formed of its version or path."""
    name = engine_name(text)
    close = get_close_matches(name.strip().lower(), known, n=1, cutoff=_LIKE)
    if not close:
        return None
    where = re.match(_WHERE, text[len(name) :], re.DOTALL)
    return close[0] + (where[0] if where else "")
