"""A module, compiled for an engine."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from stackswitch.wasm.features import used_features
from stackswitch.wasm.module import parse_module

from .engine import WasmtimeEngine


class CompiledModule:
    """A module, ready to be instantiated.

    :ivar module: what there is to read in it
    :ivar code: wasmtime-py's module
    :ivar imports: what it imports, as wasmtime-py lists it
    :ivar shapes: the adapters that Asyncify needs for it, by the imports that may wait
    :raises wasmtime.WasmtimeError: it does not validate
    """

    def __init__(self, engine: WasmtimeEngine, wasm: bytes) -> None:
        self.module = parse_module(wasm)
        self.code = engine.compile(wasm)
        self.imports: tuple[Any, ...] = tuple(self.code.imports)
        self.shapes: dict[tuple[int, ...], Any] = {}

    @cached_property
    def knows_exceptions(self) -> bool:
        """Whether it may catch what a host function throws."""
        return bool(self.module.tags) or "exnref" in used_features(self.module)
