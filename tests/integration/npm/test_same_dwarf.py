"""The npm package moves DWARF as the command does: of C and C++ from emcc and clang, whole and damaged."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from stackswitch.errors import WasmFormatError
from stackswitch.wasm.code_moves import CodeMoves
from stackswitch.wasm.dwarf import move_dwarf
from stackswitch.wasm.encoding import CODE
from stackswitch.wasm.module import parse_module
from tests.dwarf_reading import debug_sections

from ..reentrant.conftest import PROGRAMS
from ..reentrant.test_debug_info import compiled
from .conftest import Compare, Lines


def moved(sections: dict[str, bytes], growths: list[tuple[int, int]], size: int) -> dict[str, Any]:
    try:
        found = move_dwarf(sections, CodeMoves(growths, size))
    except WasmFormatError as error:
        return {"message": str(error)}
    return {
        "sections": {name: data.hex() for name, data in found.sections.items()},
        "dropped": list(found.dropped),
        "split": found.split,
    }


def compare_dwarf(
    lines: Lines, sections: dict[str, bytes], growths: list[tuple[int, int]], size: int
) -> dict[str, Any]:
    hexadecimal = {name: data.hex() for name, data in sections.items()}
    expected = moved(sections, growths, size)
    assert lines.ask({"dwarf": {"sections": hexadecimal, "growths": growths, "size": size}}) == expected
    return expected


def compare_grown(lines: Lines, wasm: bytes, seed: int, rounds: int) -> None:
    """Compare the DWARF of a module whose code grows at random places, whole and damaged."""
    module = parse_module(wasm)
    sections = debug_sections(wasm)
    size = module.bodies[-1][1] - module.section_offsets[CODE]
    choice = random.Random(seed)
    right = 0
    for each in range(rounds):
        places = sorted(choice.sample(range(1, size), 40))
        growths = [(at, choice.randint(1, 4)) for at in places]
        given = dict(sections)
        for _ in range(0 if each < 3 else choice.randint(1, 4)):
            name = choice.choice([name for name, data in given.items() if data])
            data = bytearray(given[name])
            data[choice.randrange(len(data))] = choice.choice([0, 0x7F, 0x80, 0xFF, choice.randrange(256)])
            given[name] = bytes(data[: choice.choice([len(data)] * 9 + [choice.randrange(1, len(data) + 1)])])
        found = compare_dwarf(lines, given, growths, size)
        right += "sections" in found
        assert each >= 3 or "sections" in found
    assert right >= 3


@pytest.mark.emscripten
@pytest.mark.parametrize("level", ["-O0", "-O2"])
@pytest.mark.parametrize("source", ["debug.c", "debug.cpp"])
def test_emscripten(lines: Lines, compare_files: Compare, source: str, level: str, tmp_path: Path) -> None:
    path = compiled(tmp_path, source, level, "-g")
    for debug_info in (True, False):
        assert "sha256" in compare_files(path, suspend=("pause_for",), promise=("go",), debug_info=debug_info)
    compare_grown(lines, path.read_bytes(), 1, 8)


@pytest.mark.compiler
@pytest.mark.parametrize("version", [2, 3, 4, 5])
@pytest.mark.parametrize("target", ["wasm32-wasi", "wasm64-freestanding"])
def test_clang(lines: Lines, version: int, target: str, tmp_path: Path) -> None:
    path = tmp_path / "guest.wasm"
    more = ["-mexec-model=reactor"] if target == "wasm32-wasi" else ["-nostdlib", "-Wl,--no-entry"]
    source = PROGRAMS / "debug.c"
    if target == "wasm64-freestanding":
        source = tmp_path / "wide.c"
        source.write_text(WIDE)
    subprocess.run(
        [sys.executable, "-m", "ziglang", "cc", "-target", target, "-O1", f"-gdwarf-{version}", *more,
         "-Wl,--export=go", source, "-o", path],
        check=True, timeout=300,
    )  # fmt: skip
    sections = debug_sections(path.read_bytes())
    assert version != 5 or ".debug_addr" in sections
    compare_grown(lines, path.read_bytes(), version, 12 if target == "wasm32-wasi" else 400)


WIDE = """
static int sum(const int *from, int count) {
  int total = 0;
  for (int at = 0; at < count; at++) { int each = from[at] * at; total += each > 3 ? each : -each; }
  return total;
}
int go(int value) {
  int values[8];
  for (int at = 0; at < 8; at++) values[at] = value + at;
  return sum(values, 8) + sum(values, value & 7);
}
"""
