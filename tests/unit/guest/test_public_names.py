"""``stackswitch`` exports all that it should: each name of ``__all__``, and each error in a docstring."""

from __future__ import annotations

import builtins
import inspect
import re
import struct
from collections.abc import Iterator

import pytest

import stackswitch
from stackswitch import errors

RAISES = re.compile(r":raises ([\w., ]+):")
DESCRIPTORS = (classmethod, property, staticmethod)
COMMAND_LINE_ONLY = {"SuiteError", "OutputError", "ListFileError", "DataOnlyError", "ModuleRefusedError"}


def public_docstrings() -> Iterator[tuple[str, str]]:
    for name in stackswitch.__all__:
        public = getattr(stackswitch, name)
        yield name, inspect.getdoc(public) or ""
        if inspect.isclass(public):
            for attribute, value in vars(public).items():
                if not attribute.startswith("_") and (callable(value) or isinstance(value, DESCRIPTORS)):
                    yield f"{name}.{attribute}", inspect.getdoc(value) or ""


def test_all_is_sorted_and_each_name_is_there() -> None:
    assert stackswitch.__all__ == sorted(stackswitch.__all__)
    missing = [name for name in stackswitch.__all__ if not hasattr(stackswitch, name)]
    assert not missing
    assert set(stackswitch.__all__) <= set(dir(stackswitch))


def test_there_is_nothing_else() -> None:
    with pytest.raises(AttributeError, match="stackswitch has no 'opne'"):
        stackswitch.opne  # noqa: B018


def test_each_documented_error_is_exported() -> None:
    found = {
        error.strip(): place
        for place, text in public_docstrings()
        for names in RAISES.findall(text)
        for error in names.split(",")
    }
    assert "WasmFormatError" in found
    unknown = {
        error: place
        for error, place in found.items()
        if error not in stackswitch.__all__
        and not hasattr(builtins, error)
        and getattr(struct, error.removeprefix("struct."), None) is None
    }
    assert not unknown


def test_each_error_is_exported_that_the_command_line_has_not_to_itself() -> None:
    ours = {
        name
        for name, value in vars(errors).items()
        if isinstance(value, type) and issubclass(value, errors.StackswitchError)
    }
    assert ours - set(stackswitch.__all__) == COMMAND_LINE_ONLY


def test_each_public_name_is_documented() -> None:
    own = [name for name in stackswitch.__all__ if name not in ("Imports", "__version__")]
    bare = [place for place, text in public_docstrings() if not text and place.split(".")[0] in own]
    assert not bare
