"""Emscripten's ``invoke_*`` as WebAssembly, so that no JavaScript is between a wait and its promising call.

With exceptions in JavaScript (``-fexceptions``) or ``longjmp``, a call that may throw goes through an import
``invoke_<signature>(function, …)``. The glue calls the function of the table, catches what the module itself
has thrown, restores the C stack pointer and calls ``setThrew``. Here the module does that. A flag, which
is set before each import that throws, shows what the module has thrown. Anything else is thrown again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from stackswitch.errors import ModuleRefusedError
from stackswitch.wasm.encoding import signed, unsigned
from stackswitch.wasm.sections import Import
from stackswitch.wasm.types import FuncType

from .additions import Additions, call, local_get, local_set
from .facts import Facts

PREFIX = "invoke_"
THROWING = {
    "__cxa_throw": "$note_throw",
    "__cxa_rethrow": "$note_rethrow",
    "__cxa_rethrow_primary_exception": "$note_rethrow",
    "__resumeException": "$note_resume",
    "__throw_exception_with_stack_trace": "$note_throw",
    "_emscripten_throw_longjmp": "$note_longjmp",
    "emscripten_longjmp": "$note_longjmp",
}
"""Imports that throw what ``invoke_*`` catches, and what is called before. Source: Emscripten,
``src/lib/libexceptions.js``."""
_CATCHING = {"__cxa_begin_catch": "$note_catch", "__cxa_end_catch": "$note_end_catch"}
"""Imports at the ends of a catch block."""
_TYPES = {"i": "i32", "j": "i64", "f": "f32", "d": "f64", "e": "externref", "p": "address"}
_ZEROS = {
    "i32": b"\x41\0",
    "i64": b"\x42\0",
    "f32": b"\x43" + bytes(4),
    "f64": b"\x44" + bytes(8),
    "externref": b"\xd0\x6f",
}
_TRY, _CATCH_ALL, _RETHROW_OUTER, _THROW_REF = b"\x06", b"\x19", b"\x09\x01", b"\x0a"
_IF, _END, _RETURN, _BLOCK_EXNREF = b"\x04\x40", b"\x0b", b"\x0f", b"\x02\x69"
_TRY_TABLE, _CATCH_ALL_REF = b"\x1f", b"\x01\x03\0"
_EQZ, _WRAP, _EXTEND_U, _OR = b"\x45", b"\xa7", b"\xad", b"\x84"
_SHIFT_LEFT, _SHIFT_RIGHT, _HALF = b"\x86", b"\x88", b"\x42\x20"


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
        imports = self.facts.module.function_imports()
        named = [(each, self.names.get(each.full_name, each.name)) for each in imports]
        invokes = [(each, name) for each, name in named if name.startswith(PREFIX)]
        if not invokes:
            raise ModuleRefusedError(
                "no-invokes",
                "no import is named invoke_*: the module has no exceptions in JavaScript, or its names are "
                "minified: give the glue by --glue, which says what they stand for",
            )
        for each, name in invokes:
            self._redirect(each, self._invoke(each.index, each.full_name, name.removeprefix(PREFIX)))
        for each, name in named:
            note = THROWING.get(name) or _CATCHING.get(name)
            if note is not None:
                self._redirect(each, self._noted(each, note))
        throwing = tuple(each.full_name for each, name in named if name in THROWING)
        return tuple(each.full_name for each, _ in invokes), throwing

    def _redirect(self, imported: Import, wrapper: int) -> None:
        self.additions.calls[imported.index] = self.additions.references[imported.index] = wrapper

    def _noted(self, imported: Import, note: str) -> int:
        """Add a function that notes what an import does, and calls it."""
        type_ = self.facts.module.function_type(imported.index)
        arguments = b"".join(local_get(at) for at in range(len(type_.params)))
        return self.additions.add_function(
            f"{imported.full_name} (noted)",
            self.additions.type_of(imported.index),
            call(self.regions[note]) + arguments + call(imported.index),
        )

    def _invoke(self, index: int, full_name: str, letters: str) -> int:
        declared = self.facts.module.function_type(index)
        target = self._target(declared, full_name, letters)
        locals_ = (self.facts.address, "i64") + (("exnref",) if self.new_exceptions else ())
        first = len(declared.params)
        stack, wide, exception = first, first + 1, first + 2
        body = (
            self._arguments(declared, target)
            + self._function_index(declared)
            + b"\x11"
            + unsigned(self.additions.type_index(target))
            + unsigned(self._table())
            + self._result(declared, target, wide)
        )
        handler = local_get(stack) + self._set(self.facts.pointer.index)
        not_ours = self._get(self.regions["$thrown"]) + _EQZ + _IF
        done = b"\x41\0" + self._set(self.regions["$thrown"]) + self._set_threw()
        done += b"".join(_ZEROS[each] for each in declared.results)
        results = self.additions.block_type(declared.results)
        begin = (
            self._get(self.facts.pointer.index)
            + local_set(stack)
            + b"\x41\0"
            + self._set(self.regions["$thrown"])
        )
        if self.new_exceptions:
            tried = _TRY_TABLE + results + _CATCH_ALL_REF + body + _END + _RETURN
            throw = not_ours + local_get(exception) + _THROW_REF + _END
            code = begin + _BLOCK_EXNREF + tried + _END + local_set(exception) + handler + throw + done
        else:
            throw = not_ours + _RETHROW_OUTER + _END
            code = begin + _TRY + results + body + _CATCH_ALL + handler + throw + done + _END
        return self.additions.add_function(
            f"{full_name} (in wasm)", self.additions.type_of(index), code, locals_
        )

    def _target(self, declared: FuncType, full_name: str, letters: str) -> FuncType:
        """Return the type of the functions called: the import's, or one with 64-bit numbers made whole."""
        halved = letters[:1] == "j" and declared.results == ("i32",)
        takes_function = declared.params[:1] in (("i32",), ("i64",))
        if not takes_function or not _ZEROS.keys() >= set(declared.results):
            raise ModuleRefusedError(
                "unknown-invoke", f"{full_name}: its type is none of Emscripten's invoke_*"
            )
        if letters and len(declared.params) == len(letters) and not halved:
            return FuncType(declared.params[1:], declared.results)
        if not letters:
            raise ModuleRefusedError("unknown-invoke", f"{full_name}: its name has no signature")
        unknown = [each for each in letters[1:] if each not in _TYPES]
        if unknown or letters[0] not in ("v", *_TYPES):
            raise ModuleRefusedError(
                "unknown-invoke", f"{full_name}: the signature in its name has a letter that is not known"
            )
        kinds = [self.facts.address if each == "p" else _TYPES.get(each, "") for each in letters]
        target = FuncType(tuple(kinds[1:]), () if letters[:1] == "v" else tuple(kinds[:1]))
        split = [half for kind in target.params for half in (("i32", "i32") if kind == "i64" else (kind,))]
        fits = declared.params[1:] in (tuple(split), target.params)
        if not fits or not (halved or declared.results == target.results):
            raise ModuleRefusedError(
                "unknown-invoke", f"{full_name}: its type does not fit the signature in its name"
            )
        return target

    def _arguments(self, declared: FuncType, target: FuncType) -> bytes:
        code = b""
        at = 1
        for kind in target.params:
            if declared.params[at] == kind:
                code += local_get(at)
                at += 1
            else:  # two halves, the lower one first
                low, high = local_get(at) + _EXTEND_U, local_get(at + 1) + _EXTEND_U
                code += low + high + _HALF + _SHIFT_LEFT + _OR
                at += 2
        return code

    def _result(self, declared: FuncType, target: FuncType, wide: int) -> bytes:
        """Leave the result as the import would: the upper half of a 64-bit one is put aside."""
        if declared.results == target.results:
            return b""
        high = local_get(wide) + _HALF + _SHIFT_RIGHT + _WRAP + call(self._set_upper_half())
        return local_set(wide) + high + local_get(wide) + _WRAP

    def _set_upper_half(self) -> int:
        for each in self.facts.module.function_imports():
            if each.name == "setTempRet0":
                return each.index
        names = ("_emscripten_tempret_set", "setTempRet0", "__set_temp_ret")
        found = self.facts.find(names, ("i32",), ())
        if found is None:
            raise ModuleRefusedError(
                "no-temp-ret",
                "a 64-bit result of an invoke_* goes in two halves, and the module has no setTempRet0: link "
                "with -sWASM_BIGINT",
            )
        return found

    def _function_index(self, declared: FuncType) -> bytes:
        wide_table = self.facts.module.tables[self._table()].is64
        wide = declared.params[0] == "i64"
        return local_get(0) + (
            _WRAP if wide and not wide_table else _EXTEND_U if wide_table and not wide else b""
        )

    def _table(self) -> int:
        module = self.facts.module
        exported = module.export_named("__indirect_function_table")
        if exported is not None and exported.kind == "table":
            return exported.index
        if len(module.tables) != 1:
            raise ModuleRefusedError(
                "no-table",
                f"the module has {len(module.tables)} tables; functions that are called are in one",
            )
        return 0

    def _set_threw(self) -> bytes:
        for first in ("i32", "i64"):
            found = self.facts.find(("setThrew", "_setThrew"), (first, "i32"), ())
            if found is not None:
                return (b"\x41" if first == "i32" else b"\x42") + signed(1) + b"\x41\0" + call(found)
        raise ModuleRefusedError(
            "no-set-threw",
            "the module has no function setThrew, exported or named, to say that it caught something",
        )

    @staticmethod
    def _get(global_: int) -> bytes:
        return b"\x23" + unsigned(global_)

    @staticmethod
    def _set(global_: int) -> bytes:
        return b"\x24" + unsigned(global_)
