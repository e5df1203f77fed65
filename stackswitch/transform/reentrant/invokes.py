"""Emscripten's ``invoke_*`` as WebAssembly, so that no JavaScript is between a wait and its promising call.

With exceptions in JavaScript (``-fexceptions``) or ``longjmp``, a call that may throw goes through an import
``invoke_<signature>(function, …)``. The glue calls the function of the table, catches what the module itself
has thrown, restores the C stack pointer and calls ``setThrew``. Here the module does that. A flag, which
is set before each import that throws, shows what the module has thrown. Anything else is thrown again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from stackswitch.wasm.encoding import signed
from stackswitch.wasm.sections import Import
from stackswitch.wasm.types import FuncType

from .adapter import Links, adapter, linked, refusal
from .additions import Additions, call, local_get
from .facts import Facts

_WRAP, _EXTEND_U = b"\xa7", b"\xad"
_CONST = {"i32": b"\x41", "i64": b"\x42"}


@dataclass(frozen=True)
class Invokes:
    """Replaces the imports.

    :ivar names: what minified imports stand for, by full name
    :ivar regions: the functions and globals of ``regions.wat``, by name
    """

    additions: Additions
    facts: Facts
    names: Mapping[str, str]
    regions: Mapping[str, int]
    new_exceptions: bool

    def replace(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Replace all ``invoke_*``; return the full names of these, and of the imports that throw.

        :raises ModuleRefusedError: there are none, or the module lacks what they need
        """
        known = adapter().invokes
        imports = self.facts.module.function_imports()
        named = [(each, self.names.get(each.full_name, each.name)) for each in imports]
        invokes = [(each, name) for each, name in named if name.startswith(known.prefix)]
        if not invokes:
            raise refusal("no-invokes")
        for each, name in invokes:
            self._redirect(each, self._invoke(each.index, each.full_name, name.removeprefix(known.prefix)))
        for each, name in named:
            note = known.throwing.get(name) or known.catching.get(name)
            if note is not None:
                self._redirect(each, self._noted(each, note))
        throwing = tuple(each.full_name for each, name in named if name in known.throwing)
        return tuple(each.full_name for each, _ in invokes), throwing

    def _redirect(self, imported: Import, wrapper: int) -> None:
        self.additions.calls[imported.index] = self.additions.references[imported.index] = wrapper

    def _noted(self, imported: Import, note: str) -> int:
        """Add a function that notes what an import does, and calls it."""
        type_ = self.facts.module.function_type(imported.index)
        arguments = b"".join(local_get(at) for at in range(len(type_.params)))
        known = {"$note": self.regions[note], "$real": imported.index}
        return self.additions.add_function(
            adapter().titles["noted"].format(name=imported.full_name),
            self.additions.type_of(imported.index),
            linked(adapter().codes["noted"], Links(known, {"arguments": arguments})),
        )

    def _invoke(self, index: int, full_name: str, letters: str) -> int:
        declared = self.facts.module.function_type(index)
        target = self._target(declared, full_name, letters)
        locals_ = (self.facts.address, "i64") + (("exnref",) if self.new_exceptions else ())
        stack = len(declared.params)
        zeros = adapter().invokes.zeros
        parts = {"arguments": self._arguments(declared, target), "function": self._function_index(declared)}
        known = {
            **self.regions,
            "$sp": self.facts.pointer.index,
            "type": self.additions.type_index(target),
            "table": self._table(),
            "$stack": stack,
            "$exception": stack + 2,
        }
        parts |= {
            "result": self._result(declared, target, stack + 1),
            "set_threw": self._set_threw(),
            "zeros": bytes.fromhex("".join(zeros[each] for each in declared.results)),
            "results": self.additions.block_type(declared.results),
        }
        template = adapter().codes["invoke.try_table" if self.new_exceptions else "invoke.try"]
        title = adapter().titles["invoke"].format(name=full_name)
        type_index = self.additions.type_of(index)
        return self.additions.add_function(title, type_index, linked(template, Links(known, parts)), locals_)

    def _target(self, declared: FuncType, full_name: str, letters: str) -> FuncType:
        """Return the type of the functions called: the import's, or one with 64-bit numbers made whole."""
        types = adapter().invokes.types
        halved = letters[:1] == "j" and declared.results == ("i32",)
        takes_function = declared.params[:1] in (("i32",), ("i64",))
        if not takes_function or not adapter().invokes.zeros.keys() >= set(declared.results):
            raise refusal("unknown-invoke", name=full_name)
        if letters and len(declared.params) == len(letters) and not halved:
            return FuncType(declared.params[1:], declared.results)
        if not letters:
            raise refusal("unknown-invoke:signature", name=full_name)
        unknown = [each for each in letters[1:] if each not in types]
        if unknown or letters[0] not in ("v", *types):
            raise refusal("unknown-invoke:letter", name=full_name)
        kinds = [types.get(each, "").replace("addr", self.facts.address) for each in letters]
        target = FuncType(tuple(kinds[1:]), () if letters[:1] == "v" else tuple(kinds[:1]))
        split = [half for kind in target.params for half in (("i32", "i32") if kind == "i64" else (kind,))]
        fits = declared.params[1:] in (tuple(split), target.params)
        if not fits or not (halved or declared.results == target.results):
            raise refusal("unknown-invoke:fit", name=full_name)
        return target

    def _arguments(self, declared: FuncType, target: FuncType) -> bytes:
        code = b""
        at = 1
        for kind in target.params:
            if declared.params[at] == kind:
                code += local_get(at)
                at += 1
            else:  # two halves, the lower one first
                code += linked(adapter().codes["invoke.whole"], Links({"$low": at, "$high": at + 1}))
                at += 2
        return code

    def _result(self, declared: FuncType, target: FuncType, wide: int) -> bytes:
        """Leave the result as the import would: the upper half of a 64-bit one is put aside."""
        if declared.results == target.results:
            return b""
        known = {"$wide": wide, "$set_upper_half": self._set_upper_half()}
        return linked(adapter().codes["invoke.halves"], Links(known))

    def _set_upper_half(self) -> int:
        for each in self.facts.module.function_imports():
            if each.name == adapter().invokes.temp_ret_import:
                return each.index
        found = self.facts.find(adapter().invokes.temp_ret, ("i32",), ())
        if found is None:
            raise refusal("no-temp-ret")
        return found

    def _function_index(self, declared: FuncType) -> bytes:
        wide_table = self.facts.module.tables[self._table()].is64
        wide = declared.params[0] == "i64"
        return local_get(0) + (
            _WRAP if wide and not wide_table else _EXTEND_U if wide_table and not wide else b""
        )

    def _table(self) -> int:
        module = self.facts.module
        exported = module.export_named(adapter().invokes.table)
        if exported is not None and exported.kind == "table":
            return exported.index
        if len(module.tables) != 1:
            raise refusal("no-table", count=len(module.tables))
        return 0

    def _set_threw(self) -> bytes:
        for first in ("i32", "i64"):
            found = self.facts.find(adapter().invokes.set_threw, (first, "i32"), ())
            if found is not None:
                return _CONST[first] + signed(1) + _CONST["i32"] + b"\0" + call(found)
        raise refusal("no-set-threw")
