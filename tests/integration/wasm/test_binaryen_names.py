"""Names as Binaryen sees them: its own function map, and what a line of an only-list matches."""

from __future__ import annotations

from typing import Any

import pytest

from stackswitch.wasm.asyncified import instrumented_functions
from stackswitch.wasm.function_names import binaryen_names
from stackswitch.wasm.module import parse_module


def leb(value: int) -> bytes:
    raw = bytearray()
    while value > 0x7F:
        raw.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*raw, value])


def vector(parts: list[bytes]) -> bytes:
    return leb(len(parts)) + b"".join(parts)


def sized(raw: bytes) -> bytes:
    return leb(len(raw)) + raw


def module(defined: int, names: list[tuple[int, bytes]]) -> bytes:
    """Two imports and so many functions that each call the first; all are exported, and have these names."""
    imports = [sized(b"env") + sized(name) + b"\0\0" for name in (b"wait", b"other")]
    exports = [sized(b"e%d" % number) + b"\0" + leb(number + 2) for number in range(defined)]
    entries = vector([leb(index) + sized(name) for index, name in names])
    sections = [
        (1, vector([b"\x60\0\0"])),
        (2, vector(imports)),
        (3, vector([b"\0"] * defined)),
        (7, vector(exports)),
        (10, vector([sized(b"\0\x10\0\x0b")] * defined)),
        (0, sized(b"name") + b"\x01" + sized(entries)),
    ]
    return b"\0asm\1\0\0\0" + b"".join(bytes([number]) + sized(raw) for number, raw in sections)


AWKWARD = [
    b"a b(c, d)<e>\\x",
    "hé€".encode(),
    b"x->y<<z",
    b"(a",
    b"quote\"'",
    b"tab\tt",
    b"back\\20slash",
    b"com,ma",
]
AWKWARD += [b"sp ", b" lead", b"$d", b"-x", b"#&?", b"operator<", b"x.specialized.1"]
CASES = {
    "duplicates": (
        9,
        [(0, b"imp"), (3, b"dup"), (4, b"dup"), (5, b"dup_1"), (6, b"dup"), (8, b"5"), (9, b"x")],
    ),
    "none": (3, []),
    "import names taken": (3, [(1, b"fimport$0"), (2, b"fimport$1"), (3, b"1")]),
    "empty": (4, [(0, b""), (2, b""), (3, b""), (4, b"x")]),
    "out of order": (4, [(3, b"x"), (2, b"x"), (3, b"y"), (4, b"y"), (5, b"x")]),
    "no such function": (3, [(2, b"a"), (9, b"a"), (3, b"a"), (4, b"a")]),
    "awkward": (len(AWKWARD), [(number + 2, name) for number, name in enumerate(AWKWARD)]),
}


@pytest.mark.parametrize("case", list(CASES))
def test_names_are_those_of_the_function_map(case: str, wasm_opt: Any) -> None:
    data = module(*CASES[case])
    names = binaryen_names(parse_module(data))
    done = wasm_opt(data, "--print-function-map")
    assert done.status == 0, done.stderr_text
    lines = [line for line in done.stdout.decode().splitlines() if line.strip()]
    assert lines == [f"{index}:{name}" for index, name in enumerate(names)]


@pytest.mark.parametrize("case", ["duplicates", "none", "import names taken", "out of order", "awkward"])
def test_a_line_of_the_list_matches_its_function_and_no_other(case: str, wasm_opt: Any) -> None:
    data = module(*CASES[case])
    names = binaryen_names(parse_module(data))
    options = ["--asyncify", "--pass-arg=asyncify-imports@env.wait", "--pass-arg=asyncify-onlylist@@list"]
    for wanted in range(2, len(names), max(1, len(names) // 6)):
        text = f"nothing is called so\n{names[wanted]}\nnothing is called so\n"
        done = wasm_opt(data, *options, list=text.encode("utf-8", "surrogateescape"))
        assert done.status == 0, done.stderr_text
        assert f"'{names[wanted]}'" not in done.stderr_text
        built = parse_module(done.files["out.wasm"])
        assert {each.index - wanted for each in built.exports if each.name == f"e{wanted - 2}"} == {0}
        assert instrumented_functions(built) == {wanted}
