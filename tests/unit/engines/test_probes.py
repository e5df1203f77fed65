"""The probes are what their files say, and the shim holds the same bytes."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docs.probe_modules import modules_source
from stackswitch.engines.in_wasmtime import module_bytes
from stackswitch.engines.probes import Probe, all_probes, parse_head
from stackswitch.engines.runtimes import RUNTIMES
from stackswitch.errors import ConfigError
from stackswitch.models.features import FEATURES
from stackswitch.tools.paths import node_shim_dir
from stackswitch.wasm.features import used_features
from stackswitch.wasm.module import parse_module

PROBES = all_probes()
LANGUAGES = {runtime.language for runtime in RUNTIMES.values()}


def test_the_shim_holds_the_modules_that_the_probes_are() -> None:
    assert (node_shim_dir() / "detect" / "modules.mjs").read_text("utf-8") == modules_source()


def test_what_others_need_is_asked_first() -> None:
    names = [probe.name for probe in PROBES]
    assert names[0] == "jspi"
    assert all(names.index(probe.needs) < names.index(probe.name) for probe in PROBES if probe.needs)


def test_there_is_a_probe_for_each_feature_that_an_engine_may_lack() -> None:
    text = (node_shim_dir() / "detect" / "features.mjs").read_text("utf-8")
    named = set(re.findall(r'^  "([a-z0-9-]+)",$', text, re.MULTILINE))
    assert len(named) > 10
    assert named <= {probe.name for probe in PROBES if probe.path.suffix != ".mjs"}
    assert named < FEATURES.keys()


@pytest.mark.parametrize("probe", PROBES, ids=lambda probe: probe.name)
def test_a_probe_tries_only_what_some_engine_speaks(probe: Probe) -> None:
    assert set(probe.tries) <= LANGUAGES


@pytest.mark.parametrize(
    "probe", [each for each in PROBES if each.name in FEATURES], ids=lambda probe: probe.name
)
def test_the_module_uses_the_feature_it_is_named_for(probe: Probe) -> None:
    assert probe.name in used_features(parse_module(module_bytes(probe.path)))


def test_the_head_of_a_probe_is_read() -> None:
    text = (
        "// what it asks\n// needs jspi\n// try v8: --a --b\n// try v8: --c\n// deep\n\n// try v8: --later\n"
    )
    probe = parse_head(Path("some.mjs"), text)
    assert (probe.name, probe.asks, probe.needs, probe.deep) == ("some", "what it asks", "jspi", True)
    assert probe.tries == {"v8": (("--a", "--b"), ("--c",))}
    assert probe.runs_in("javascript")
    assert not probe.runs_in("python")


def test_a_probe_that_does_not_say_what_it_asks_is_refused() -> None:
    with pytest.raises(ConfigError, match="the first line"):
        parse_head(Path("some.wat"), "(module)")


@given(st.text())
def test_any_text_is_a_probe_or_refused(text: str) -> None:
    with contextlib.suppress(ConfigError):
        assert parse_head(Path("some.wat"), text).asks
