"""Programs of the system's emcc: calls that overlap come out wrong before the transform, right after it."""

from __future__ import annotations

import pytest

from .conftest import Compile, Node, Transform

pytestmark = pytest.mark.emscripten
WITH_MALLOC = "-sEXPORTED_FUNCTIONS=_malloc,_main"
PROMISING = [
    option
    for name in ("work", "read_text", "nest", "reject", "trap", "big_frame")
    for option in ("--promise", name)
]
LISTS = ["--suspend", "pause_for", *PROMISING]
RIGHT = {"wrong": 0, "plain": 0, "inner": 0, "errors": {}, "moved": 0}


def shown(found: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in found.items() if name != "rejected"}


@pytest.mark.parametrize(
    "options",
    [
        ("-O1", "-g2"),
        ("-O0", "-g"),
        ("-O1",),
        ("-O1", "-g2", "-sSTACK_OVERFLOW_CHECK=2"),
        ("-O1", "-g2", "-fwasm-exceptions"),
    ],
    ids=["O1", "O0-dwarf", "without-names", "stack-checks", "wasm-exceptions"],
)
def test_many_calls_at_once(
    emcc: Compile, transform: Transform, node: Node, options: tuple[str, ...]
) -> None:
    plain = emcc("overlap.c", WITH_MALLOC, "-sALLOW_MEMORY_GROWTH", *options)
    build = transform(plain, *LISTS)
    for seed in ("1", "2"):
        assert shown(node("overlap.mjs", build, seed, "80")) == RIGHT


def test_the_same_calls_are_wrong_without_the_transform(emcc: Compile, node: Node) -> None:
    plain = emcc("overlap.c", WITH_MALLOC, "-sALLOW_MEMORY_GROWTH", "-O1", "-g2")
    assert node("overlap.mjs", plain, "1", "30", KINDS="text")["wrong"] > 5


def test_all_imports_may_suspend(emcc: Compile, transform: Transform, node: Node) -> None:
    plain = emcc("overlap.c", WITH_MALLOC, "-sALLOW_MEMORY_GROWTH", "-O1", "-g2")
    build = transform(plain, "--all-imports")
    assert shown(node("overlap.mjs", build, "4", "120")) == RIGHT


def test_what_glue_puts_on_the_stack_while_a_call_waits_is_kept(
    emcc: Compile, transform: Transform, node: Node
) -> None:
    plain = emcc("overlap.c", WITH_MALLOC, "-sALLOW_MEMORY_GROWTH", "-O1", "-g2")
    assert node("overlap.mjs", plain, "1", "60", KINDS="handed")["wrong"] > 5
    build = transform(plain, "--suspend", "hand_over", "--promise", "handed", *LISTS)
    wrong = {name: value for name, value in RIGHT.items() if name != "moved"}  # nobody takes the data off
    for seed in ("1", "2", "3"):
        for kinds in ({"KINDS": "handed,work,text"}, {"KINDS": "handed,work", "EARLY": "1"}):
            found = node("overlap.mjs", build, seed, "60", **kinds)
            assert {name: found[name] for name in wrong} == wrong


def test_a_malloc_that_is_named_and_not_exported(emcc: Compile, transform: Transform, node: Node) -> None:
    plain = emcc(
        "overlap.c", "-O1", "-g2", "-sALLOW_MEMORY_GROWTH", "-sSTRICT", "-sEXPORTED_FUNCTIONS=_main,_malloc"
    )
    build = transform(plain, "--malloc", "malloc", *LISTS)
    assert shown(node("overlap.mjs", build, "5", "60")) == RIGHT
