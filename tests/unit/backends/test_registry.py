"""Which engine a backend is opened on."""

from __future__ import annotations

import importlib

import pytest

from stackswitch.backends.registry import BACKENDS, backend_spec
from stackswitch.errors import ConfigError


@pytest.mark.parametrize(
    ("name", "engine", "room"),
    [
        ("asyncify", None, "wasmtime"),
        ("asyncify", "wasmtime", "wasmtime"),
        ("asyncify", "node", "node"),
        ("asyncify", "node@20", "node"),
        ("asyncify", "node:/opt/node@20/bin/node", "node"),
        ("jspi", "node@26", "node"),
        ("jspi", "wasmtime", "node"),  # which says that it knows no such engine
    ],
)
def test_the_engine_picks_what_opens_a_backend(name: str, engine: str | None, room: str) -> None:
    module, _, _ = backend_spec(name).opener(engine).partition(":")
    assert module == f"stackswitch.backends.{room}"


@pytest.mark.parametrize("named", [True, False])
def test_an_engine_is_for_those_that_were_named_and_those_it_is_usual_for(named: bool) -> None:
    assert backend_spec("jspi").engine_meant("node@24", named=named) == "node@24"
    assert backend_spec("asyncify").engine_meant("node@24", named=named) == ("node@24" if named else None)
    assert backend_spec("asyncify").engine_meant(None, named=named) is None


@pytest.mark.parametrize("opener", [opener for spec in BACKENDS.values() for opener in spec.openers.values()])
def test_every_opener_is_there(opener: str) -> None:
    module, _, function = opener.partition(":")
    assert callable(getattr(importlib.import_module(module), function))


def test_a_backend_that_is_none_is_refused() -> None:
    with pytest.raises(ConfigError, match="there is no backend 'fibre'"):
        backend_spec("fibre")
