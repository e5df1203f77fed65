"""The assembler writes what wasmtime's does, from the same text."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
import wasmtime

from stackswitch.transform import reentrant
from stackswitch.transform.reentrant.assembler import Context, Expression, Text, parse_forms, read_text
from stackswitch.transform.reentrant.transform import COOKIES, FIELDS, HEADER_BYTES, regions_text
from stackswitch.wasm.module import parse_module

TEXT = Path(reentrant.__file__).with_name("regions.wat").read_text("utf-8")
FEATURES = ("references", "invokes", "exceptions", "limits", "checks", "bounds", "state")
CONSTANTS = {
    **FIELDS,
    "COOKIES": COOKIES,
    "WORDS": FIELDS["words"],
    "SPAN": 65520,
    "HEADER": HEADER_BYTES,
    "REGION": 65536,
    "ROOM": 65536 + HEADER_BYTES,
    "TOP": 5248880,
    "SLACK": 300,
    "POINTER": 4,
    "CATCHES": 32768,
}
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


def by_wasmtime(has: frozenset[str], address: str) -> bytes:
    tokens = (line.partition(";;")[0] for line in TEXT.splitlines())
    words = iter(" ".join(tokens).replace("(", " ( ").replace(")", " ) ").split())
    forms = "\n".join(plain(each, address) for each in parse_forms(words, has))
    imports = "\n".join(
        f'(import "m" "{name}" (func ${name} {type_.replace("addr", address)}))'
        for name, type_ in KNOWN.items()
    )
    memory = "(memory i64 1)" if address == "i64" else "(memory 1)"
    sp = f"(global $sp (mut {address}) ({address}.const 0))"
    return bytes(wasmtime.wat2wasm(f"(module {imports} {memory} {sp} {forms})"))


def by_us(text: Text, address: str) -> list[bytes]:
    indexes = {f"${name}": at for at, name in enumerate(KNOWN)}
    indexes.update({each.name: len(KNOWN) + at for at, each in enumerate(text.functions)})
    globals_ = {name: at + 1 for at, name in enumerate(text.globals)}
    context = Context(indexes, {**globals_, "$sp": 0}, CONSTANTS, address)
    return [context.assemble(each) + b"\x0b" for each in text.functions]


@pytest.mark.parametrize("address", ["i32", "i64"])
@pytest.mark.parametrize("has", [FEATURES[:size] for size in range(len(FEATURES) + 1)], ids=len)
def test_it_writes_the_instructions_that_wasmtime_does(has: tuple[str, ...], address: str) -> None:
    text = regions_text(set(has), address)
    module = parse_module(by_wasmtime(frozenset(has), address))
    assert len(module.defined_functions) == len(text.functions)
    for index, function, code in zip(
        module.defined_functions, text.functions, by_us(text, address), strict=True
    ):
        start, end = module.code_range(index)
        assert module.data[start:end] == code, function.name
        assert module.function_type(index) == function.type


def test_every_function_of_the_regions_is_used() -> None:
    for has in itertools.chain([()], [FEATURES]):
        text = regions_text(set(has), "i32")
        used = {
            word
            for function in text.functions
            for word in str(function.body).replace("'", " ").split()
            if word.startswith("$")
        }
        entries = {"$enter", "$leave", "$before", "$after", "$restore", "$note_longjmp", "$note_resume"}
        entries |= {"$enter_if_idle", "$leave_if_entered"}
        entries |= {"$note_rethrow", "$note_catch", "$note_end_catch"}
        contract = {each.name for each in text.functions if each.name.startswith("$__jspi_")}
        unused = {each.name.rstrip(",") for each in text.functions} - used - entries - contract
        assert unused <= ({"$load_state"} if not has else set())


def test_an_instruction_that_is_not_known_is_an_error() -> None:
    text = read_text("(func $f (i32.popcnt (i32.const 1)))", (), "i32")
    with pytest.raises(KeyError):
        Context({}, {}, {}, "i32").assemble(text.functions[0])
