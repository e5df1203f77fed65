"""The probe's small modules are what their text says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from wasmtime import wat2wasm

from stackswitch.models.features import FEATURES
from stackswitch.wasm.features import used_features
from stackswitch.wasm.module import parse_module

TEXT = (Path(__file__).parents[3] / "node_shim" / "detect" / "features.mjs").read_text("utf-8")
ROWS = re.findall(r'^  \["([a-z0-9-]+)", (null|"[^\n]*?"|\'[^\n]*?\'), "([0-9a-f]+)"\],$', TEXT, re.MULTILINE)


def test_there_is_a_module_for_each_feature_of_the_engines() -> None:
    named = {name for name, _, _ in ROWS}
    assert len(ROWS) == len(named) == 11
    assert named < FEATURES.keys()


@pytest.mark.parametrize(("name", "text", "digits"), ROWS, ids=[name for name, _, _ in ROWS])
def test_the_bytes_are_those_of_the_text_and_use_the_feature(name: str, text: str, digits: str) -> None:
    binary = bytes.fromhex(digits)
    if text != "null":
        assert bytes(wat2wasm(text[1:-1])) == binary
    assert name in used_features(parse_module(binary))


def test_the_round_trip_is_what_its_text_says() -> None:
    text = re.search(r"ROUND_TRIP_TEXT = `(.*?)`", TEXT, re.DOTALL)
    digits = re.search(r'ROUND_TRIP = "([0-9a-f]+)"', TEXT)
    assert text is not None
    assert digits is not None
    assert bytes(wat2wasm(text[1])).hex() == digits[1]
