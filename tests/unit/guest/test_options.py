"""The options of ``open`` and ``Pool.open``: one object, or keyword arguments."""

from __future__ import annotations

import dataclasses
import inspect
from typing import get_type_hints

import pytest

import stackswitch
from stackswitch.guest.options import GuestKeywords, with_keywords


def test_the_keyword_arguments_are_the_fields() -> None:
    fields = get_type_hints(stackswitch.GuestOptions)
    assert get_type_hints(GuestKeywords) == fields
    assert [each.name for each in dataclasses.fields(stackswitch.GuestOptions)] == list(fields)


def test_each_field_is_documented() -> None:
    text = inspect.getdoc(stackswitch.GuestOptions) or ""
    assert [name for name in get_type_hints(GuestKeywords) if f":param {name}:" not in text] == []


def test_keyword_arguments_replace_fields() -> None:
    options = stackswitch.GuestOptions(backend="fiber", fuel=5)
    assert with_keywords(options, fuel=7) == stackswitch.GuestOptions(backend="fiber", fuel=7)
    assert with_keywords(None, stacks=True) == stackswitch.GuestOptions(stacks=True)
    with pytest.raises(dataclasses.FrozenInstanceError):
        options.fuel = 6  # type: ignore[misc]


def test_what_makes_no_sense_is_refused_at_once() -> None:
    with pytest.raises(stackswitch.ConfigError, match="deadline_s must be more than 0, not -1"):
        stackswitch.GuestOptions(deadline_s=-1)
    with pytest.raises(stackswitch.ConfigError, match="there is no backend 'fibre'"):
        stackswitch.open(b"", backend="fibre")
    with pytest.raises(stackswitch.ConfigError, match="asyncify cannot run on the engine 'node'"):
        stackswitch.open(b"", backend="asyncify", engine="node")
    with pytest.raises(TypeError, match="deadline"):
        stackswitch.open(b"", deadline=1)  # type: ignore[call-arg]
    with pytest.raises(stackswitch.ConfigError, match="size must be at least 1, not 0"):
        stackswitch.Pool.open(b"", 0)
