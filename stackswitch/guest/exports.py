"""What a module exports: shown to people, and checked before calls."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from stackswitch.errors import ConfigError, GuestTypeError
from stackswitch.wasm.module import FuncType, Module


class Exports(Mapping[str, str]):
    """What a module exports, by name: ``func (i32 i32) -> (i32)``, ``memory``, ``global i32``…

    :ivar functions: the types of those that are functions
    """

    def __init__(self, module: Module) -> None:
        self._module = module
        self._found: dict[str, str] = {}
        self.functions: dict[str, FuncType] = {}
        for each in module.exports:
            text: str = each.kind
            if each.kind == "func":
                type_ = self.functions[each.name] = module.function_type(each.index)
                text = f"func ({' '.join(type_.params)}) -> ({' '.join(type_.results)})"
            elif each.kind == "global":
                text = f"global {module.global_type(each.index).type}"
            self._found[each.name] = text
        self._arity = {name: len(type_.params) for name, type_ in self.functions.items()}

    def __getitem__(self, name: str) -> str:
        return self._found[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)

    def __repr__(self) -> str:
        return f"{{{', '.join(f'{name}: {text}' for name, text in self._found.items())}}}"

    def check_call(self, name: str, count: int) -> None:
        """Check that a function can be called with ``count`` arguments.

        :raises ConfigError: the module exports no function of that name
        :raises GuestTypeError: it takes another number of arguments
        """
        if self._arity.get(name) == count:
            return
        type_ = self.functions.get(name)
        if type_ is None:
            known = ", ".join(sorted(self.functions)) or "none"
            raise ConfigError(f"the module exports no function {name!r}; it has {known}")
        wanted = f"{len(type_.params)} arguments ({' '.join(type_.params)})"
        raise GuestTypeError(f"{name} takes {wanted}, not {count}")

    def memory(self, name: str | None = None) -> tuple[str, bool]:
        """Return the name of an exported memory, and whether its addresses have 64 bits.

        :param name: None: the first one
        :raises ConfigError: there is no such memory
        """
        for each in self._module.exports:
            if each.kind == "memory" and name in (None, each.name):
                return each.name, self._module.memories[each.index].is64
        raise ConfigError("the module exports no memory" + (f" {name!r}" if name is not None else ""))

    def check_global(self, name: str, *, mutable: bool) -> None:
        """Check that the module exports a global.

        :param mutable: whether it must be mutable
        :raises ConfigError: it does not, or the global is not mutable
        """
        export = self._module.export_named(name)
        if export is None or export.kind != "global":
            raise ConfigError(f"the module exports no global {name!r}")
        if mutable and not self._module.global_type(export.index).mutable:
            raise ConfigError(f"the global {name!r} is not mutable")
