"""Standalone builds of Emscripten, without names: their allocator takes all pages for its own."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from stackswitch.errors import ModuleRefusedError
from stackswitch.transform.reentrant.added_pages import refuse_pages
from stackswitch.wasm.module import parse_module

PROGRAM = """#include <stdlib.h>
int wait(int) __attribute__((import_module("env"), import_name("wait")));
int main(int n, char **v) { return wait((int)malloc(n * 900000)); }
"""


@pytest.mark.emscripten
@pytest.mark.parametrize("level", ["-O0", "-O1", "-O2", "-Oz"])
def test_no_pages_are_added_to_a_stripped_standalone_build(level: str, tmp_path: Path) -> None:
    if shutil.which("emcc") is None:
        pytest.skip("no emcc (Debian: emscripten)")
    source, output = tmp_path / "guest.c", tmp_path / "guest.wasm"
    source.write_text(PROGRAM)
    options = ["-sSTANDALONE_WASM", "-sALLOW_MEMORY_GROWTH", "-sERROR_ON_UNDEFINED_SYMBOLS=0"]
    argv = ["emcc", source, level, *options, "-o", output]
    subprocess.run(argv, check=True, timeout=300, capture_output=True)
    # Names that say so may be gone: that of this import, too.
    wasm = output.read_bytes().replace(b"emscripten_notify_memory_growth", b"e" * 31)
    with pytest.raises(ModuleRefusedError) as caught:
        refuse_pages(parse_module(wasm))
    assert caught.value.reason == "no-malloc"
