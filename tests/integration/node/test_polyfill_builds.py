"""The builds that the shim's tests run, and that the probe runs, are what Binaryen makes of their texts.

``STACKSWITCH_BLESS=1`` writes them anew.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest
from wasmtime import wat2wasm

from stackswitch.binaryen.asyncify import AsyncifyRequest, open_binaryen

SHIM = Path(__file__).parents[3] / "node_shim"
TEXTS = sorted((SHIM / "test" / "builds").glob("*.wat"))
IMPORTS = ("env.wait", "env.wait64", "env.pair", "inner.one")


async def _asyncified(wasm: bytes, imports: tuple[str, ...], **options: Any) -> bytes:
    binaryen = await open_binaryen()
    try:
        request = AsyncifyRequest(wasm=wasm, imports=imports, keep_names=False, **options)
        return (await binaryen.asyncify(request)).wasm
    finally:
        await binaryen.aclose()


@pytest.mark.parametrize("text", TEXTS, ids=lambda path: path.stem)
def test_a_build_is_its_text_asyncified(run: Any, text: Path) -> None:
    imports = tuple(each for each in IMPORTS if each.replace(".", '" "') in text.read_text())
    built = run(_asyncified(bytes(wat2wasm(text.read_text())), imports, optimize_level=2))
    kept = text.with_suffix(".wasm")
    if os.environ.get("STACKSWITCH_BLESS"):
        kept.write_bytes(built)
    assert kept.read_bytes() == built


def test_the_probes_build_is_its_round_trip_asyncified(run: Any) -> None:
    source = (SHIM / "detect" / "asyncified.mjs").read_text()
    built = re.search(r'ROUND_TRIP_ASYNCIFIED = "([0-9a-f]+)"', source)
    assert built is not None
    plain = bytes(wat2wasm((SHIM / "probes" / "modules" / "round-trip.wat").read_text()))
    assert built[1] == run(_asyncified(plain, ("env.wait",), optimize_level=2)).hex()
