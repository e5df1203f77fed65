"""The examples of ``docs/library.md`` run as they stand and print what the page says."""

from __future__ import annotations

import ast
import asyncio
import inspect
import re
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[3] / "docs" / "library.md"
FENCE = re.compile(r"```(python|text)\n(.*?)```", re.DOTALL)


def test_the_examples_print_what_the_page_says(capsys: pytest.CaptureFixture[str]) -> None:
    blocks = FENCE.findall(PAGE.read_text("utf-8"))
    kinds, texts = zip(*blocks, strict=True)
    assert kinds == ("python", "text") * (len(blocks) // 2)
    names: dict[str, object] = {}
    first, *others = zip(texts[::2], texts[1::2], strict=True)
    exec(first[0], names)
    assert capsys.readouterr().out == first[1]

    async def main() -> None:
        for source, printed in others:
            code = compile(source, str(PAGE), "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
            running = eval(code, names)
            if inspect.iscoroutine(running):
                await running
            assert capsys.readouterr().out == printed, source

    asyncio.run(main())
