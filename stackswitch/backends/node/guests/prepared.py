"""A module made ready for Node: what runs, how its frames are named, what the child is sent."""

from __future__ import annotations

import base64
from collections.abc import Collection, Sequence
from functools import cached_property
from pathlib import Path

from stackswitch.backends.guest_protocol import HostFunction, OpenRequest
from stackswitch.backends.node.c_stacks import CStacks, trap_message, with_c_stacks
from stackswitch.errors import GuestFrame
from stackswitch.wasm.features import used_features
from stackswitch.wasm.function_names import display_name
from stackswitch.wasm.growth_limiter import REMAINING_EXPORT, has_growth_limiter
from stackswitch.wasm.import_wrappers import import_wrapper_module
from stackswitch.wasm.memory_budget import with_memory_budget
from stackswitch.wasm.module import FuncType, Module, parse_module
from stackswitch.wasm.moved_code import MovedCode
from stackswitch.wasm.stack_pointer import unreachable_stack_pointer, with_stack_pointer

from .values import Host, References

GUEST = 1
"""The module's number in the child."""


class PreparedModule:
    """A module as it runs in a child.

    :param features: what the engine has
    :raises GuestError: it imports a function whose values cannot cross
    :ivar request: what it was opened with
    :ivar module: as it was given
    :ivar wasm: what runs
    :ivar checked: the module that stands between the guest and the functions that wait
    :ivar exports: the exported functions' types
    :ivar functions: the host functions, by their numbers in the child
    :ivar serial: why calls run one after another though they may overlap; None: they do not
    :ivar gives_stack_back: whether a call that is ended gives its part of the C stack back
    :ivar may_share: whether it may share a process with other guests
    """

    def __init__(self, request: OpenRequest, features: Collection[str]) -> None:
        self.request = request
        self.module: Module = request.module
        suspend = [each.full_name for each in request.functions.values() if each.waits]
        exports = [each.name for each in self.module.exports if each.kind == "func"]
        if request.concurrent:
            self._stacks = with_c_stacks(
                request.module, suspend, exports, features, c_stack_bytes=request.c_stack_bytes
            )
        else:
            self._stacks = CStacks(with_stack_pointer(request.module))
        self.serial = self._stacks.serial
        self.wasm = self._stacks.wasm
        self._is_counted = False
        if request.limits.max_memory is not None:
            self.wasm = with_memory_budget(self.wasm, request.limits.max_memory)
            self._is_counted = has_growth_limiter(parse_module(self.wasm), request.module)
        self.gives_stack_back = (
            bool(self._stacks.separate) or unreachable_stack_pointer(request.module) is None
        )
        self.exports: dict[str, FuncType] = {
            each.name: self.module.function_type(each.index)
            for each in self.module.exports
            if each.kind == "func"
        }
        self.memories = [each.name for each in self.module.exports if each.kind == "memory"]
        self.functions: list[HostFunction] = []
        self._imports = self._planned_imports()
        self.checked = import_wrapper_module([each.type for each in self.functions if each.waits])
        # Objects of the GC proposal are not in the budget, and V8 cannot end a loop that makes large arrays.
        self.may_share = "gc" not in used_features(self.module)

    def _planned_imports(self) -> list[dict[str, object]]:
        """Say what the child provides for each import, and number the host functions as they come there."""
        references = References()
        imports: list[dict[str, object]] = []
        for each in self.module.function_imports():
            function = self.request.functions.get((each.module, each.name))
            entry: dict[str, object] = {"module": each.module, "name": each.name}
            if function is None:
                imports.append(entry | {"wasi": True})
                continue
            host = Host(function, references)  # raises for what cannot cross
            script = None
            if function.javascript is not None:
                path, name = function.javascript
                script = {"path": str(Path(path).absolute()), "name": name}
            imports.append(
                entry
                | {
                    "index": len(self.functions),
                    "waits": function.waits,
                    "params": function.type.params,
                    "results": function.type.results,
                    "reads": host.reads,
                    "script": script,
                }
            )
            self.functions.append(function)
        return imports

    def instance_request(self, instance: int, call: int) -> dict[str, object]:
        """Return the request for an instance.

        :param instance: its number
        :param call: the number of the start function's call
        """
        wasi = self.request.wasi
        return {
            "type": "instantiate",
            "module": GUEST,
            "instance": instance,
            "call": call,
            "concurrent": self.request.concurrent,
            "calls": {"serial": self.serial, "separate": self._stacks.separate},
            "stacks": self.request.stacks,
            "imports": self._imports,
            "exports": [
                {"name": name, "params": type_.params, "results": type_.results}
                for name, type_ in self.exports.items()
            ],
            "counter": REMAINING_EXPORT if self._is_counted else None,
            "memories": self.memories,
            "wasi": None
            if wasi is None
            else {
                "args": list(wasi.args),
                "env": dict(wasi.env),
                "stdin": base64.b64encode(wasi.stdin).decode(),
                "dirs": {guest: str(Path(host).absolute()) for guest, host in wasi.dirs.items()},
                "maxOutputBytes": wasi.max_output_bytes,
            },
        }

    @cached_property
    def running(self) -> Module:
        """The module that runs: the one given, with what was added to it."""
        return self.module if self.wasm is self.module.data else parse_module(self.wasm)

    @cached_property
    def _moved(self) -> MovedCode:
        return MovedCode(self.module, self.running)

    def frames(self, pairs: Sequence[Sequence[int]]) -> tuple[GuestFrame, ...]:
        """Name the frames of a stack, without those of functions that were added.

        :param pairs: function index and offset of the call in what runs (-1: not known), innermost first
        """
        moved = self._moved
        return tuple(
            [
                GuestFrame(
                    display_name(self.module, index),
                    index,
                    -1 if self._is_counted or at < 0 else moved.given_offset(index, at),
                )
                for index, at in pairs
                if not moved.is_added(index)
            ]
        )

    def trap_message(self, pairs: Sequence[Sequence[int]]) -> str | None:
        """Return what a trap says that is not the guest's own.

        :param pairs: see ``frames``
        """
        if not pairs or not self._moved.is_added(pairs[0][0]):
            return None
        return trap_message(self.running, pairs[0][0], self.request.c_stack_bytes)
