"""JSON and TOML from outside: text that is nested too deeply for its parser is malformed."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import tomlkit
import tomlkit.exceptions

from stackswitch.errors import StackswitchError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_Read = TypeVar("_Read")
_Parsed = TypeVar("_Parsed")


def json_value(text: str | bytes) -> Any:
    """Parse JSON.

    :raises ValueError: it is malformed, not UTF-8, or nested too deeply
    """
    return _shallow(json.loads, text)


def toml_value(text: str) -> dict[str, Any]:
    """Parse TOML.

    :raises ValueError: it is malformed, or nested too deeply
    """
    return _shallow(tomllib.loads, text)


def read_toml(path: Path, error_type: type[StackswitchError]) -> dict[str, Any]:
    """Read a TOML file.

    :raises StackswitchError: of ``error_type``: it cannot be read, or is not TOML
    """
    try:
        return toml_value(path.read_text("utf-8"))
    except ValueError as error:
        raise error_type(f"{path}: not valid TOML: {error}") from None
    except OSError as error:
        raise error_type(f"{path}: cannot be read: {error.strerror}") from None


def toml_document(text: str) -> tomlkit.TOMLDocument:
    """Parse TOML to be changed in place.

    :raises ValueError: it is malformed, or nested too deeply
    """
    return _shallow(tomlkit.parse, text)


def texts_in(value: Any) -> Iterator[str]:
    """All texts in a parsed value, keys included."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, each in value.items():
            yield from (name, *texts_in(each))
    elif isinstance(value, list):
        for each in value:
            yield from texts_in(each)


def _shallow(parse: Callable[[_Read], _Parsed], text: _Read) -> _Parsed:
    try:
        return parse(text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    except tomlkit.exceptions.TOMLKitError as error:
        if isinstance(error, ValueError):
            raise
        raise ValueError(str(error)) from None
