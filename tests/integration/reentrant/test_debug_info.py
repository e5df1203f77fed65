"""Every instruction of a build has the file, line and column that it had before, and so have all entries."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
from bisect import bisect_right
from pathlib import Path

import pytest

from stackswitch.transform.reentrant import ReentrantRequest, make_reentrant
from stackswitch.wasm.code_moves import CodeMoves
from stackswitch.wasm.dwarf import move_dwarf
from stackswitch.wasm.encoding import CODE
from stackswitch.wasm.instructions import CALL, read_instructions
from stackswitch.wasm.module import Module, parse_module
from stackswitch.wasm.reader import Reader
from stackswitch.wasm.scan import find_instructions
from tests.dwarf_reading import LineTable, addresses, debug_sections, line_rows, read_dwarf

from .conftest import PROGRAMS, Transform

OPTIONS = ["-sEXPORTED_FUNCTIONS=_go,_malloc", "-sERROR_ON_UNDEFINED_SYMBOLS=0", "--no-entry"]
LISTS = ["--suspend", "pause_for", "--promise", "go"]


def compiled(folder: Path, source: str, *options: str) -> Path:
    """Compile with the system's emcc."""
    if shutil.which("emcc") is None:
        pytest.skip("no emcc (Debian: emscripten)")
    output = folder / "guest.js"
    done = subprocess.run(
        ["emcc", PROGRAMS / source, "-o", output, *OPTIONS, *options],
        capture_output=True, text=True, timeout=300, cwd=folder, check=False,
    )  # fmt: skip
    if done.returncode and "FROZEN_CACHE" in done.stderr:
        pytest.skip("emcc's cache lacks a system library")
    assert done.returncode == 0, done.stderr
    return output.with_suffix(".wasm")


def made(wasm: bytes) -> bytes:
    return make_reentrant(ReentrantRequest(wasm=wasm, suspend=("env.pause_for",), promise=("go",))).wasm


def code_places(module: Module) -> list[int]:
    """Return all places of code in the content of its section, in order, as many as functions have."""
    content = module.section_offsets[CODE]
    found = []
    for function in module.defined_functions:
        start, end = module.body_range(function)
        found.append(start - content)
        found += [
            each.offset - content for each in read_instructions(module.data, *module.code_range(function))
        ]
        found.append(end - content)
    return found


def places_by_instruction(before: Module, after: Module) -> dict[int, int]:
    """Return where instructions, and the begins and ends of functions, are in a build."""
    old = code_places(before)
    reader = Reader(before.data, before.section_offsets[CODE])
    reader.u32()
    first = reader.pos - before.section_offsets[CODE]
    size = before.bodies[-1][1] - before.section_offsets[CODE]
    found = dict(zip(old, code_places(after), strict=False))
    return (
        {at: at for at in range(first + 1)} | {at: at for at in (0xFFFFFFFF, 0xFFFFFFFE)} | found | {-size: 0}
    )


def check_dwarf(before: dict[str, bytes], after: dict[str, bytes], places: dict[int, int]) -> None:
    old, new = read_dwarf(before), read_dwarf(after)
    starts = sorted(places)

    def expected(at: int) -> int:
        """Return where an address is to be. Binaryen leaves some that are in an instruction, or nowhere."""
        start = starts[bisect_right(starts, at) - 1]
        return at if at > starts[-1] else places[start] + at - start

    for was, now in zip(addresses(old), addresses(new), strict=True):
        assert (*was[:2], expected(was[2])) == now
    rows = zip(line_rows(old), line_rows(new), strict=True)
    for was_row, now_row in ((a, b) for unit in rows for a, b in zip(*unit, strict=True)):
        assert (expected(was_row[0]), *was_row[1:]) == now_row
    was_lines, now_lines = LineTable(old), LineTable(new)
    known = [at for at in places if was_lines.find(at) is not None]
    assert len(known) > 1000
    for at in places:
        assert was_lines.find(at) == now_lines.find(places[at])


def verified(path: Path) -> int:
    """Return how many errors LLVM finds in the DWARF of a module."""
    if shutil.which("llvm-dwarfdump") is None:
        pytest.skip("no llvm-dwarfdump (Debian: llvm)")
    done = subprocess.run(
        ["llvm-dwarfdump", "--verify", path], capture_output=True, text=True, timeout=120, check=False
    )
    return done.stdout.count("error:") + done.stderr.count("error:")


@pytest.mark.emscripten
@pytest.mark.parametrize("level", ["-O0", "-O1", "-O2", "-O3"])
@pytest.mark.parametrize("source", ["debug.c", "debug.cpp"])
def test_dwarf_moves_with_the_code(source: str, level: str, tmp_path: Path) -> None:
    path = compiled(tmp_path, source, level, "-g")
    wasm = path.read_bytes()
    build = made(wasm)
    before, after = parse_module(wasm), parse_module(build)
    places = places_by_instruction(before, after)
    assert any(at != now for at, now in places.items())
    check_dwarf(debug_sections(wasm), debug_sections(build), places)
    output = tmp_path / "build.wasm"
    output.write_bytes(build)
    assert verified(output) == verified(path)


@pytest.mark.compiler
@pytest.mark.parametrize("version", [4, 5])
@pytest.mark.parametrize("level", ["-O0", "-O2"])
def test_dwarf_of_any_version_moves(version: int, level: str, tmp_path: Path) -> None:
    """Wherever code grows: here at random calls. LLVM's linker leaves all calls room, so builds do not."""
    path = tmp_path / "guest.wasm"
    subprocess.run(
        [sys.executable, "-m", "ziglang", "cc", "-target", "wasm32-wasi", level, f"-gdwarf-{version}",
         "-mexec-model=reactor", "-Wl,--export=go", PROGRAMS / "debug.c", "-o", path],
        check=True, timeout=300,
    )  # fmt: skip
    module = parse_module(path.read_bytes())
    sections = debug_sections(module.data)
    assert version == 4 or {".debug_rnglists", ".debug_addr"} <= sections.keys()
    content, size = module.section_offsets[CODE], module.bodies[-1][1] - module.section_offsets[CODE]
    choice = random.Random(version)
    for _ in range(4):
        growths = []
        for function in module.defined_functions:
            growths.append((module.body_range(function)[0] - content, choice.choice((0, 0, 1))))
            calls = find_instructions(module.data, *module.code_range(function), frozenset({CALL}))
            growths += [(each.end - content, choice.choice((0, 0, 1, 2, 130))) for each in calls]
        moves = CodeMoves([each for each in growths if each[1]], size)
        moved = move_dwarf(sections, moves)
        assert not moved.dropped
        places = {at: moves.moved(at) for at in (0, *code_places(module))}
        check_dwarf(sections, moved.sections, places)


@pytest.mark.emscripten
def test_the_source_map_moves_and_is_written_beside_the_build(tmp_path: Path, transform: Transform) -> None:
    path = compiled(
        tmp_path, "debug.cpp", "-O2", "-gsource-map", "--source-map-base", "http://localhost/maps/"
    )
    output = transform(path, *LISTS)
    build = output.read_bytes()
    assert b"http://localhost/maps/guest-reentrant.wasm.map" in build
    old, new = columns(path.with_suffix(".wasm.map")), columns(output.with_suffix(".wasm.map"))
    before, after = parse_module(path.read_bytes()), parse_module(build)
    shift, now = before.section_offsets[CODE], after.section_offsets[CODE]
    places = places_by_instruction(before, after)
    assert len(old) == len(new) > 1000
    for (was, what), (column, same) in zip(old, new, strict=True):
        assert what == same
        assert column == places[was - shift] + now


def columns(path: Path) -> list[tuple[int, tuple[int, ...]]]:
    """Return the column of each segment of a source map, and what it leads to, as the standard says it."""
    digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    found, state = [], [0, 0, 0, 0, 0]
    for segment in json.loads(path.read_text("utf-8"))["mappings"].split(","):
        value = shift = at = 0
        for digit in map(digits.index, segment):
            value += (digit & 31) << shift
            shift += 5
            if digit < 32:
                state[at] += -(value >> 1) if value & 1 else value >> 1
                value, shift, at = 0, 0, at + 1
        found.append((state[0], tuple(state[1:])))
    return found


@pytest.mark.emscripten
def test_dwarf_in_a_file_of_its_own_moves(tmp_path: Path, transform: Transform) -> None:
    path = compiled(tmp_path, "debug.c", "-O2", "-gseparate-dwarf")
    output = transform(path, *LISTS)
    assert b"guest-reentrant.wasm.debug.wasm" in output.read_bytes()
    file, beside = tmp_path / "guest.wasm.debug.wasm", tmp_path / "guest-reentrant.wasm.debug.wasm"
    before, after = parse_module(path.read_bytes()), parse_module(output.read_bytes())
    places = places_by_instruction(before, after)
    check_dwarf(debug_sections(file.read_bytes()), debug_sections(beside.read_bytes()), places)
    code = parse_module(beside.read_bytes())
    assert [*map(code.body_range, code.defined_functions)][-1][1] - code.section_offsets[CODE] == (
        after.bodies[-1][1] - after.section_offsets[CODE]
    )
    other = compiled(tmp_path, "debug.c", "-O1", "-gseparate-dwarf", "-o", str(tmp_path / "other.js"))
    shutil.copyfile(other.with_name("other.wasm.debug.wasm"), file)
    done = subprocess.run(
        [sys.executable, "-m", "stackswitch", "reentrant", path, "-o", output, *LISTS],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 23
    assert "is of another build" in done.stderr
