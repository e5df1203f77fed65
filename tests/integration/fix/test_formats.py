"""``fix`` and ``--check`` on a file of each format: the names change, and no byte beside them."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from stackswitch.backends.base import Backend
from stackswitch.fix.loop import FixResult
from stackswitch.fix.sources import shared_source
from stackswitch.suite.loader import load_suite

from .conftest import fix_suite, write_chain

Run = Callable[[Coroutine[Any, Any, Any]], Any]
# Each with the text that comes in, and where.
FILES = {
    "Dockerfile": (
        'FROM emscripten/emsdk\n# one by one\nRUN export ASYNCIFY_ONLY=$\'"leaf",\\\n"main"\' && \\\n'
        '    emcc -sASYNCIFY -sASYNCIFY_ONLY="[$ASYNCIFY_ONLY]" a.c\n',
        ('"main"\'', '"main",\\\n"mid"\''),
    ),
    "Makefile": ("# by hand\nLDFLAGS += -O2 -sASYNCIFY_ONLY=leaf,main -g\n", ("leaf,main", "leaf,main,mid")),
    "CMakeLists.txt": (
        'target_link_options(app PRIVATE "-sASYNCIFY_ONLY=[leaf,main]" -O2) # by hand\n',
        ("leaf,main", "leaf,main,mid"),
    ),
    "build.sh": ('emcc -s \'ASYNCIFY_ONLY=["leaf","main"]\' a.c\n', ('"main"', '"main","mid"')),
    "pass.sh": (
        "wasm-opt --asyncify --pass-arg=asyncify-onlylist@leaf,main in.wasm\n",
        ("leaf,main", "leaf,main,mid"),
    ),
    "settings.json": (
        '{ "flags": 1,\n  "ASYNCIFY_ONLY": ["leaf", "main"],\n  "x": [] }\n',
        ('"main"', '"main", "mid"'),
    ),
    "only.json": ('["leaf", "main"]\n', ('"main"', '"main", "mid"')),
    "build.toml": (
        '# by hand\n[asyncify]\nonly = [\n  "leaf", # a\n  "main",\n]\n',
        ('"main",\n', '"main",\n  "mid",\n'),
    ),
    "only.txt": ("# by hand\nleaf\nmain\n", ("main\n", "main\nmid\n")),
    "crlf.txt": ("leaf\r\nmain\r\n", ("main\r\n", "main\r\nmid\r\n")),
}


@pytest.mark.parametrize("name", FILES)
def test_a_list_where_it_lives(name: str, tmp_path: Path, run: Run, asyncify: Backend, jspi: Backend) -> None:
    suite = load_suite(write_chain(tmp_path / "suite").parent)
    text, (old, new) = FILES[name]
    before, path = text.encode(), tmp_path / name

    def fixed(data: bytes, **request: bool) -> FixResult:
        return run(fix_suite(suite, shared_source(path, data), asyncify, jspi, **request))

    assert fixed(before, check=True).report.verdict == "falls-short"
    fixing = fixed(before)
    report = fixing.report
    assert (report.verdict, report.rounds, report.edits[0].added) == ("verified", 1, ("mid",))
    after = fixing.sources[0].data
    assert after == before.replace(old.encode(), new.encode())
    again = fixed(after, check=True)
    assert (again.report.verdict, again.report.changed, again.sources[0].data) == ("verified", False, after)
    minimal = fixed(after, minimise=True)
    assert minimal.report.verdict == "verified"
    assert minimal.sources[0].data == after
