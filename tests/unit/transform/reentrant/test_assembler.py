"""The assembler writes what wasmtime's does, from the same text."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import wasmtime

from stackswitch.transform import reentrant
from stackswitch.transform.reentrant.adapter import Links, Template, adapter, linked
from stackswitch.transform.reentrant.assembler import Assembler, Expression, parse_forms, regions
from stackswitch.wasm.module import parse_module
from stackswitch.wasm.types import FuncType

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

TEXT = Path(reentrant.__file__).with_name("regions.wat").read_text("utf-8")
FEATURES = ("references", "invokes", "exceptions", "limits", "checks", "bounds", "state")
SIZES = adapter().sizes
CHOSEN = {
    "SPAN": 65520,
    "REGION": 65536,
    "ROOM": 65536 + SIZES["header"],
    "TOP": 5248880,
    "SLACK": 300,
}
"""What depends on the module or the request."""
CONSTANTS = {
    **tomllib.loads(Path(reentrant.__file__).with_name("adapter.toml").read_text("utf-8"))["fields"],
    **CHOSEN,
    "COOKIES": 0x89BACDFE_02135467 - (1 << 64),
    "WORDS": 152,
    "HEADER": SIZES["header"],
    "POINTER": 4,
    "CATCHES": SIZES["catches"],
}
FIXED = {name: value for name, value in CONSTANTS.items() if name not in CHOSEN}
KNOWN = {
    "malloc": "(param addr) (result addr)",
    "exceptions": "(result addr)",
    "set_limits": "(param addr addr)",
    "set_checked_limits": "(param addr addr)",
    "get_base": "(result addr)",
    "get_end": "(result addr)",
}


def plain(expression: Expression, address: str) -> str:
    """Write an expression as any assembler reads it."""
    if isinstance(expression, str):
        if expression.startswith("offset="):
            return f"offset={CONSTANTS.get(expression[7:], expression[7:])}"
        return str(CONSTANTS.get(expression, expression.replace("addr", address)))
    op, *rest = expression
    inner = " ".join(plain(each, address) for each in rest)
    conversions = {
        "addr.given": f"({address}.ne {inner} ({address}.const 0))",
        "addr.to_i64": f"(i64.extend_i32_u {inner})" if address == "i32" else inner,
        "addr.from_i64": f"(i32.wrap_i64 {inner})" if address == "i32" else inner,
    }
    if isinstance(op, str) and op in conversions:
        return conversions[op]
    if op == "global":
        return f"(global {rest[0]} (mut {plain(rest[1], address)}) ({plain(rest[1], address)}.const 0))"
    return f"({plain(op, address)} {inner})"


def chosen(forms: list[Expression], has: frozenset[str]) -> Iterator[Expression]:
    """Leave out what a module that has not all does not get."""
    for each in forms:
        if isinstance(each, str):
            yield each
        elif each[0] == "when":
            yield from chosen(each[2:], has) if each[1] in has else ()
        else:
            yield list(chosen(each, has))


def by_wasmtime(has: frozenset[str], address: str) -> bytes:
    tokens = (line.partition(";;")[0] for line in TEXT.splitlines())
    words = iter(" ".join(tokens).replace("(", " ( ").replace(")", " ) ").split())
    forms = "\n".join(plain(each, address) for each in chosen(parse_forms(words), has))
    imports = "\n".join(
        f'(import "m" "{name}" (func ${name} {type_.replace("addr", address)}))'
        for name, type_ in KNOWN.items()
    )
    memory = "(memory i64 1)" if address == "i64" else "(memory 1)"
    sp = f"(global $sp (mut {address}) ({address}.const 0))"
    return bytes(wasmtime.wat2wasm(f"(module {imports} {memory} {sp} {forms})"))


def by_us(has: frozenset[str], address: str) -> list[tuple[str, FuncType, bytes]]:
    declared = regions(TEXT, FIXED, address)
    functions = [each for each in declared.functions if has.issuperset(each.when)]
    globals_ = ["$sp", *(name for name, _, when in declared.globals if has.issuperset(when))]
    names = [*(f"${name}" for name in KNOWN), *(each.name for each in functions)]
    indexes = {name: at for each in (globals_, names) for at, name in enumerate(each)}
    links = Links(indexes, constants=CHOSEN, has=has)
    return [
        (each.name, FuncType(each.params, each.results), linked(each.code, links) + b"\x0b")
        for each in functions
    ]


@pytest.mark.parametrize("address", ["i32", "i64"])
@pytest.mark.parametrize("has", [FEATURES[:size] for size in range(len(FEATURES) + 1)], ids=len)
def test_it_writes_the_instructions_that_wasmtime_does(has: tuple[str, ...], address: str) -> None:
    features = frozenset((*has, "malloc"))
    module = parse_module(by_wasmtime(features, address))
    functions = by_us(features, address)
    assert len(module.defined_functions) == len(functions)
    for index, (name, type_, code) in zip(module.defined_functions, functions, strict=True):
        start, end = module.code_range(index)
        assert module.data[start:end] == code, name
        assert module.function_type(index) == type_


def test_every_function_of_the_regions_is_used() -> None:
    for has in (frozenset[str](), frozenset(FEATURES)):
        functions = [each for each in adapter().regions["i32"].functions if has.issuperset(each.when)]
        used = {name for each in functions for name in names_in(each.code, has)}
        entries = {"$enter", "$leave", "$before", "$after", "$restore", "$note_longjmp", "$note_resume"}
        entries |= {"$enter_if_idle", "$leave_if_entered"}
        entries |= {"$note_rethrow", "$note_catch", "$note_end_catch"}
        contract = {each.name for each in functions if each.name.startswith("$__jspi_")}
        unused = {each.name for each in functions} - used - entries - contract
        assert unused <= ({"$load_state"} if not has else set())


def names_in(template: Template, has: frozenset[str]) -> Iterator[str]:
    for each in template:
        if not isinstance(each, str):
            if each[0] != "when":
                yield each[1]
            elif each[1] in has:
                yield from names_in(each[2], has)


def test_an_instruction_that_is_not_known_is_an_error() -> None:
    with pytest.raises(KeyError):
        Assembler({}, "i32").assemble([["i32.popcnt", ["i32.const", "1"]]])
