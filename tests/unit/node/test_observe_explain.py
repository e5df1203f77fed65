from __future__ import annotations

import re

import pytest

from stackswitch.backends.node.observe_explain import explain


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("SuspendError", "suspending JS frames", ["a"], ["invoke (g.js:1)"], None, []), ": invoke"),
        (("RuntimeError", "trying to suspend", ["a"], [], "main", []), "main was called"),
        (("RuntimeError", "attempting to suspend", ["a"], [], None, []), "no promising export"),
        (("RuntimeError", "unreachable", ["a"], [], None, ["mid"]), "not instrumented: mid$"),
        (("RuntimeError", "unreachable", ["a"], [], None, list("abcdefg")), "a, b, c, d, e, …$"),
        (("RuntimeError", "unreachable", ["asyncify_stop_unwind"], [], None, ["mid"]), "ASYNCIFY_STACK_SIZE"),
        (("RangeError", "Maximum call stack size exceeded", ["a"], [], None, []), "stack-size"),
        (("RuntimeError", "unreachable", ["a"], [], None, []), "^$"),
        (("Exception", "[object]", [], [], None, ["mid"]), "^$"),
    ],
)  # fmt: skip
def test_what_an_error_means(arguments: tuple[object, ...], expected: str) -> None:
    assert re.search(expected, explain(*arguments)), explain(*arguments)  # type: ignore[arg-type]
