"""A module of the library's as it runs: compiled, its failures explained in the user's names."""

from __future__ import annotations

from stackswitch.backends.guest_protocol import OpenRequest
from stackswitch.errors import GuestError
from stackswitch.wasm.asyncified import instrumented_functions
from stackswitch.wasm.module import Module, parse_module

from ..compiled import CompiledModule
from ..engine import WasmtimeEngine, without_custom_sections
from ..fiber.build import kept_references
from .failure import Explainer

_CODE = 10


class GuestCode(CompiledModule):
    """A module as it runs.

    :param wasm: as it runs, which may be instrumented
    :ivar instrumented: the functions that can be suspended; None: all, or it does not matter
    :ivar collected: which references its frames may hold that wasmtime's collector would not see
    :raises GuestError: wasmtime refuses it
    """

    def __init__(self, engine: WasmtimeEngine, wasm: bytes, request: OpenRequest, *, asyncify: bool) -> None:
        try:
            super().__init__(engine, wasm)
        except Exception as error:
            raise GuestError(f"wasmtime refuses the module: {error}") from error
        self.explainer = Explainer(
            request.module, _shift(self.module, request.module), request.limits.deadline_s
        )
        self.instrumented = instrumented_functions(self.module) if asyncify and request.stacks else None
        self.collected = None if asyncify else kept_references(wasm, rooted_externs=True)


def _shift(running: Module, shown: Module) -> int | None:
    """Return how much further the code stands in the user's module than in what wasmtime compiles."""
    start, end = _CODE in shown.section_offsets, _CODE in running.section_offsets
    if not (start and end) or (running.bodies and shown.bodies and not _same_code(running, shown)):
        return None
    compiled = parse_module(without_custom_sections(running.data))
    return shown.section_offsets[_CODE] - compiled.section_offsets[_CODE]


def _same_code(one: Module, other: Module) -> bool:
    if len(one.bodies) != len(other.bodies):
        return False
    (start, end), (first, last) = one.bodies[0], other.bodies[0]
    return (
        one.bodies[-1][1] - start == other.bodies[-1][1] - first
        and one.data[start:end] == other.data[first:last]
    )
