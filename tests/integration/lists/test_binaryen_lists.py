"""What a list means to us against what Binaryen does with it, told from the bytes it makes."""

from __future__ import annotations

import random
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
import wasmtime

from stackswitch.binaryen.tool import Tool, ToolRun
from stackswitch.errors import ConfigError
from stackswitch.lists.emscripten import rewritten, unsupported_names
from stackswitch.lists.files import read_list
from stackswitch.lists.findings import examine
from stackswitch.lists.namelist import NameIndex, comma_trouble, split_text
from stackswitch.wasm.asyncified import instrumented_functions
from stackswitch.wasm.function_names import binaryen_names
from stackswitch.wasm.module import parse_module

Run = Callable[[Coroutine[Any, Any, Any]], Any]
NAMES = [
    "plain",
    "plainer",
    "_plain",
    "operator<(int, int)",
    "operator>(int, int)",
    "Vec<int, X>::operator->()",
    "operator<<",
    "f(int, char const*)",
    "f(int, char const*, X*)",
    "Foo::operator()(int) const",
    "x.specialized.1",
    "with space",
    " edge ",
    "tab\\09",
    "comma,comma",
    "ключ",
    "'q' (x)",
    "@file",
    "#hash",
    "a*b",
    "aXb",
    "byn$fpcast-emu$plain",
    "{lambda(int)#1}::operator()[abi:v1]",
    "[x,y]",
]
TEXT = (
    '(module (import "env" "wait" (func $wait)) (memory (export "memory") 1)'
    + "".join(f'(func (@name "{name}") call $wait)' for name in NAMES)
    + '(func (export "nameless") call $wait) (func (export "nameless2") call $wait))'
)
MODULE = bytes(wasmtime.wat2wasm(TEXT))
PARSED = parse_module(MODULE)
INDEX = NameIndex(binaryen_names(PARSED), PARSED.imported_function_count)


async def asyncify(
    tool: Tool, options: list[str], files: dict[str, bytes], module: bytes = MODULE
) -> ToolRun:
    args = ["in.wasm", "-o", "out.wasm", "-g", "--asyncify", "--pass-arg=asyncify-imports@env.wait"]
    args += [f"--pass-arg={option}" for option in options]
    return await tool.run(args, {"in.wasm": module, **files}, ["out.wasm"], timeout_s=60)


def instrumented(done: ToolRun) -> frozenset[int]:
    assert done.status == 0, done.stderr_text
    return instrumented_functions(parse_module(done.files["out.wasm"]))


def texts() -> list[str]:
    """Lists as text, of any kind: what is between the names decides how they are split."""
    choose = random.Random(7)
    made = []
    bits = [*(each.replace("\\09", "\t") for each in NAMES), "0", "1", "24", "25", "wait", "nothing"]
    bits += [
        "*",
        "p*",
        "*n*",
        "*(int*",
        "operator*",
        "f(*",
        "*,*",
        "**er",
        "a*b*",
        "*X*",
        "_*n",
        "é*",
        "*<*>*",
        "e*e",
    ]
    for _ in range(220):
        separator = choose.choice([",", ",", "\n", "\n", "\r\n", ", "])
        some = choose.sample(bits, k=choose.randint(1, 4))
        made.append(separator.join(some) + choose.choice(["", "", "\n", " ", ","]))
    return made


def test_lists_are_split_and_matched_as_binaryen_does(run: Run, wasm_opt: Tool) -> None:
    refused = compared = 0
    for text in texts():
        done = run(asyncify(wasm_opt, ["asyncify-onlylist@@list"], {"list": text.encode()}))
        try:
            entries = split_text(text)
        except ConfigError:
            assert done.status != 0, text
            assert "failed to parse lists" in done.stderr_text
            refused += 1
            continue
        if "wait" in entries:
            assert done.status != 0, text
            assert "imported function" in done.stderr_text
            found = examine(entries, INDEX)
            assert [each.reason for each in found.stale if each.entry == "wait"] == ["imported"]
            continue
        assert instrumented(done) == INDEX.matching_defined(*entries), (text, entries)
        compared += 1
        stale = {each.entry for each in examine(entries, INDEX).stale}
        warned = {
            entry
            for entry in entries
            if f"name: '{entry}'" in done.stderr_text or f"pattern: '{entry}'" in done.stderr_text
        }
        # A wildcard is only asked where no full name of the list has matched before: Binaryen's warnings
        # about wildcards cry wolf, so ours must be among them, not the same.
        assert stale <= warned, (text, done.stderr_text)
        assert {each for each in warned if "*" not in each} <= stale
    assert refused >= 10
    assert compared >= 120


@pytest.mark.parametrize("name", [each.replace("\\09", "\t") for each in NAMES if "*" not in each])
def test_a_name_that_is_no_trouble_in_commas_gets_through_and_any_other_does_not(
    run: Run, wasm_opt: Tool, name: str
) -> None:
    entries = [name, "plainer"] if name != "plainer" else [name]
    wanted = INDEX.matching_defined(*entries)
    done = run(asyncify(wasm_opt, [f"asyncify-onlylist@{','.join(entries)}"], {}))
    got = instrumented(done) if done.status == 0 else None
    assert (got == wanted) == (not comma_trouble(entries)), comma_trouble(entries)


def test_the_wildcard_for_a_name_that_emcc_cannot_pass_on_matches_it(run: Run, wasm_opt: Tool) -> None:
    names = [name.replace("\\09", "\t") for name in NAMES]
    for each in unsupported_names(names):
        entries = split_text(rewritten(each.wildcard))
        done = run(asyncify(wasm_opt, [f"asyncify-onlylist@{','.join(entries)}"], {}))
        got = {INDEX.names[index] for index in instrumented(done)}
        assert got == INDEX.defined(INDEX.matching(each.wildcard)), each
        assert each.name in got
    assert {each.name for each in unsupported_names(names)} >= {
        "x.specialized.1",
        "operator<<",
        "#hash",
        "@file",
    }


def test_emccs_only_entry_can_be_the_name_of_a_file_that_binaryen_reads(
    run: Run, wasm_opt: Tool, tmp_path: Path
) -> None:
    # The way around for all that emcc's quoting cannot say; the path must survive emcc's rewriting.
    build = b"emcc a.c -sASYNCIFY_ONLY='[\"@list\"]'\n"
    (entry,) = read_list(build, path="build.sh").names
    names = ["x.specialized.1", "operator<<", "#hash"]
    done = run(asyncify(wasm_opt, [f"asyncify-onlylist@{entry}"], {"list": "\n".join(names).encode()}))
    assert instrumented(done) == INDEX.matching_defined(*names)
