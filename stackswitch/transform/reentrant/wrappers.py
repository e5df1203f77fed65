"""Functions around imports that suspend and around functions that are promising.

Each calls something before (which gives the call's region), the function itself, and something after, also if
an exception passes. Traps pass without: see ``regions.wat``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from stackswitch.wasm.function_names import display_name
from stackswitch.wasm.instructions import TRY, TRY_TABLE
from stackswitch.wasm.module import Module
from stackswitch.wasm.scan import find_instructions
from stackswitch.wasm.types import FuncType

from .adapter import Links, adapter, linked, mistake
from .additions import Additions, local_get

_UNLESS_RUNNING = ("$enter_if_idle", "$leave_if_entered")


def has_new_exceptions(module: Module) -> bool:
    """Whether the module's code has exceptions as standardised (``try_table``), not as first shipped."""
    if not module.tags and len(module.data) > adapter().sizes["scanned"]:
        return False
    opcodes = frozenset({TRY, TRY_TABLE})
    for function in module.defined_functions:
        for each in find_instructions(module.data, *module.code_range(function), opcodes):
            return each.opcode == TRY_TABLE
    return False


@dataclass(frozen=True)
class Wrappers:
    """Adds wrappers to a module.

    :ivar regions: the functions of ``regions.wat``, by name
    :ivar token: the type of what the first function gives to the last
    :ivar linked: other modules may call exports, in the middle of a call
    """

    additions: Additions
    regions: Mapping[str, int]
    token: str
    new_exceptions: bool
    linked: bool = False
    _promised: dict[int, int] = field(default_factory=dict)

    def wrap_imports(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """Wrap imports that may suspend, wherever they are called or referred to; return their full names.

        :raises ConfigError: the module does not import one of them
        """
        imports = self.additions.module.function_imports()
        missing = set(names) - {each.full_name for each in imports}
        if missing:
            raise mistake("imports", names=", ".join(sorted(missing)))
        chosen = [each for each in imports if each.full_name in names]
        for each in chosen:
            wrapper = self._wrap("suspend", each.full_name, each.index, "$before", "$after")
            self.additions.calls[each.index] = self.additions.references[each.index] = wrapper
        return tuple(dict.fromkeys(each.full_name for each in chosen))

    def wrap_exports(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """Wrap exports that are promising; return their names.

        :raises ConfigError: the module does not export one of them as a function
        """
        functions = {each.name: each.index for each in self.additions.module.exports if each.kind == "func"}
        missing = set(names) - functions.keys()
        if missing:
            raise mistake("exports", names=", ".join(sorted(missing)))
        for name, index in functions.items():
            if name in names:
                self.additions.exports[name] = self._promising(name, index)
        return tuple(each for each in functions if each in names)

    def wrap_table(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """Wrap functions that JavaScript takes from a table and makes promising; return their names.

        :param names: each a name or a decimal index
        :raises ConfigError: the module does not define one of them
        """
        module = self.additions.module
        defined = module.defined_functions
        by_name = {display_name(module, index): index for index in defined} if names else {}
        for each in names:
            index = by_name.get(each, int(each) if re.fullmatch(r"[0-9]{1,9}", each) else -1)
            if index not in defined:
                raise mistake("function", name=each)
            wrapper = self._wrap("table", each, index, *_UNLESS_RUNNING)
            self.additions.references[index] = wrapper
        return names

    def _promising(self, name: str, function: int) -> int:
        """Return the wrapper of a function, the same under all its names. References to the function stay."""
        if function not in self._promised:
            real = self.additions.calls.get(function, function)
            ends = _UNLESS_RUNNING if self.linked else ("$enter", "$leave")
            self._promised[function] = self._wrap("promise", name, real, *ends)
            self.additions.references.setdefault(function, function)
        return self._promised[function]

    def _wrap(self, title: str, name: str, real: int, first: str, last: str) -> int:
        additions = self.additions
        type_index = additions.type_of(real)
        type_ = additions.module.types[type_index]
        assert isinstance(type_, FuncType)
        region = len(type_.params)
        known = {"$first": self.regions[first], "$last": self.regions[last], "$real": real, "$region": region}
        parts = {
            "results": additions.block_type(type_.results),
            "arguments": b"".join(local_get(each) for each in range(region)),
        }
        template = adapter().codes["wrapper.try_table" if self.new_exceptions else "wrapper.try"]
        code = linked(template, Links(known, parts))
        shown = adapter().titles[title].format(name=name)
        return additions.add_function(shown, type_index, code, (self.token,))
