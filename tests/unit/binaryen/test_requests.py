from __future__ import annotations

import pytest

from stackswitch.binaryen.asyncify import AsyncifyRequest, arguments
from stackswitch.errors import ConfigError


def request(**options: object) -> AsyncifyRequest:
    return AsyncifyRequest.model_validate({"wasm": b"", **options})


def test_a_list_not_given_is_not_an_empty_one() -> None:
    assert request().lists() == {"ASYNCIFY_IMPORTS": ()}
    assert request(only=()).lists() == {"ASYNCIFY_IMPORTS": (), "ASYNCIFY_ONLY": ()}
    assert request(add=(), remove=("x",)).lists() == {"ASYNCIFY_IMPORTS": (), "ASYNCIFY_REMOVE": ("x",)}


def test_an_only_list_excludes_others() -> None:
    with pytest.raises(ConfigError, match="excludes"):
        request(only=("a",), add=("b",)).lists()
    assert request(only=("a",), add=()).lists()["ASYNCIFY_ONLY"] == ("a",)


def test_the_command_line() -> None:
    args = arguments(
        request(ignore_indirect=True, propagate_add=True, asserts=True, optimize_level=2, emit_exnref=True),
        ["ASYNCIFY_IMPORTS", "ASYNCIFY_ONLY"],
        "memory",
        ["--enable-simd"],
    )
    assert args == (
        "in.wasm",
        "-o",
        "out.wasm",
        "--enable-simd",
        "--optimize-level=2",
        "--asyncify",
        "--pass-arg=asyncify-imports@@asyncify-imports.txt",
        "--pass-arg=asyncify-onlylist@@asyncify-onlylist.txt",
        "-g",
        "--pass-arg=asyncify-ignore-indirect",
        "--pass-arg=asyncify-propagate-addlist",
        "--pass-arg=asyncify-asserts",
        "--pass-arg=asyncify-memory@memory",
        "--emit-exnref",
    )
    assert "-g" not in arguments(request(keep_names=False), [], "memory", [])


def test_a_request_does_not_print_its_module() -> None:
    assert "asm" not in repr(request(wasm=b"\0asm"))
