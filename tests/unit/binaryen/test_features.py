from __future__ import annotations

import pytest

from stackswitch.binaryen.features import EVERYWHERE, feature_flags

BASE = {f"--enable-{flag}" for flag in EVERYWHERE}


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
