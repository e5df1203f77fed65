from __future__ import annotations

import pytest

from stackswitch.binaryen.features import HARMLESS, feature_flags, module_flags
from stackswitch.wasm.module import parse_module

BASE = {f"--enable-{flag}" for flag in HARMLESS}


def test_a_plain_module_gets_what_every_engine_has() -> None:
    assert feature_flags(()) == tuple(sorted(BASE))


@pytest.mark.parametrize(
    ("used", "added"),
    [
        ("legacy-exceptions", {"exception-handling"}),
        ("exnref", {"exception-handling", "reference-types"}),
        ("gc", {"gc", "reference-types"}),
        ("multi-memory", {"multimemory"}),
        ("multi-value", {"multivalue"}),
    ],
)
def test_what_the_bytes_use(used: str, added: set[str]) -> None:
    assert set(feature_flags([used])) - BASE == {f"--enable-{flag}" for flag in added}


def test_what_the_producer_says() -> None:
    flags = feature_flags((), ["simd128", "atomics", "relaxed-simd", "unheard-of", "compact-imports"])
    assert set(flags) - BASE == {"--enable-simd", "--enable-threads", "--enable-relaxed-simd"}


def test_new_exceptions_take_reference_types() -> None:
    assert "--enable-reference-types" in feature_flags(["legacy-exceptions"], emit_exnref=True)
    assert "--enable-reference-types" not in feature_flags([], emit_exnref=True)


def test_never_everything() -> None:
    assert not {"-all", "--all-features"} & set(feature_flags(["gc", "exnref"], ["simd128"]))


def test_a_module_shows_and_says_what_it_uses() -> None:
    target_features = b"\x0ftarget_features\x02+\x07simd128-\x07atomics"
    module = parse_module(
        b"\0asm\1\0\0\0"
        b"\x01\x04\x01\x60\x00\x00"  # a type () -> ()
        b"\x05\x03\x01\x04\x01"  # a memory with 64-bit addresses
        b"\x0d\x03\x01\x00\x00" + bytes([0, len(target_features)]) + target_features  # a tag
    )
    added = {"--enable-memory64", "--enable-exception-handling", "--enable-simd"}
    assert set(module_flags(module)) == BASE | added
    assert set(module_flags(module, emit_exnref=True)) == BASE | added | {"--enable-reference-types"}
