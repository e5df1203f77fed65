from __future__ import annotations

import re

import pytest

from stackswitch.observe.explain import NonPromisingEntry, explain_error

MAIN, TICK = NonPromisingEntry("main"), NonPromisingEntry("tick", exported=False)


@pytest.mark.parametrize(
    ("arguments", "cause", "expected"),
    [
        (("SuspendError", "suspending", ["a"], ["invoke (g.js:1)"], None, []), "js-frames", ": invoke"),
        (("RuntimeError", "trying to suspend", ["a"], [], MAIN, []), "not-promising", "main was"),
        (("SuspendError", "x", ["a"], [], TICK, []), "not-exported", "cannot name"),
        (("RuntimeError", "attempting to suspend", ["a"], [], None, []), "no-entry", "no promising export"),
        (("RuntimeError", "unreachable", ["a"], [], None, ["mid"]), "not-instrumented", "instrumented: mid$"),
        (("RuntimeError", "unreachable", ["a"], [], None, list("abcdefg")), "not-instrumented", "d, e, …$"),
        (("RuntimeError", "unreachable", ["asyncify_stop_unwind"], [], None, ["m"]), "saved-stack", "SIZE"),
        (("RangeError", "Maximum call stack size exceeded", ["a"], [], None, []), "engine-stack", "-size"),
        (("RuntimeError", "unreachable", ["a"], [], None, []), "", "^$"),
        (("Exception", "[object]", [], [], None, ["mid"]), "", "^$"),
    ],
)  # fmt: skip
def test_what_an_error_means(arguments: tuple[object, ...], cause: str, expected: str) -> None:
    found = explain_error(*arguments)  # type: ignore[arg-type]
    assert found.cause == cause
    assert re.search(expected, found.text), found
