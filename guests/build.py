"""Build the suite's real programs: Lua, and SQLite on a file system that waits.

    python guests/build.py [lua] [sqlite] [--check]

writes the modules, their licences and ``built.json`` into ``stackswitch/suite/cases/programs/``. With
``--check`` nothing is written: the exit status says whether the modules there are, to the byte, what
the sources give.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.metadata
import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sources import LUA, SQLITE, BuildError, Source, unpack

HERE = Path(__file__).resolve().parent
OUTPUT = HERE.parent / "stackswitch" / "suite" / "cases" / "programs"
ZIG_VERSION = "0.17.1"
SIZE_LIMIT_BYTES = 1_200_000

# Lua's errors are longjmps, and they become wasm exceptions; the legacy kind is the one that the Asyncify
# pass can take (a host that knows only the new kind has it translated afterwards).
SETJMP_FLAGS = ("-mexception-handling", "-mllvm", "-wasm-enable-sjlj", "-D_WASI_EMULATED_SIGNAL")
# Lua seeds its hashes with addresses and the time, and its sort with the clock. Constants instead: the order
# of `pairs` and of comparisons is then the same everywhere.
LUA_FLAGS = (*SETJMP_FLAGS, "-Dluai_makeseed(L)=0x5eed1234u", "-Dl_randomizePivot()=0u")
SQLITE_FLAGS = (
    "-DSQLITE_OS_OTHER=1",
    "-DSQLITE_THREADSAFE=0",
    "-DSQLITE_DEFAULT_MEMSTATUS=0",
    "-DSQLITE_DQS=0",
    "-DSQLITE_OMIT_DEPRECATED",
    "-DSQLITE_OMIT_LOAD_EXTENSION",
    "-DSQLITE_OMIT_LOCALTIME",
    "-DSQLITE_OMIT_SHARED_CACHE",
    "-DSQLITE_OMIT_WAL",
    # Sorts and statement journals go to temporary files early, so that small cases reach that code too.
    "-DSQLITE_SORTER_PMASZ=8",
    "-DSQLITE_STMTJRNL_SPILL=0",
)
LINK_FLAGS = ("-Wl,--export=__stack_pointer", "-Wl,-z,stack-size=262144")


@dataclass(frozen=True)
class Program:
    """A module: our C, the registry's C, how they are compiled, and who may use it."""

    name: str
    source: Source
    ours: tuple[str, ...]
    flags: tuple[str, ...]
    theirs: Callable[[Path], list[str]]
    version: Callable[[Path], str]
    licence: Callable[[Path], str]


def _lua_files(folder: Path) -> list[str]:
    """Lua's own files, but for its programs, its tests, and the libraries that need an operating system."""
    left_out = {"lua.c", "luac.c", "onelua.c", "ltests.c", "linit.c", "liolib.c", "loslib.c", "loadlib.c"}
    return sorted(path.name for path in folder.glob("*.c") if path.name not in left_out)


def _lua_version(folder: Path) -> str:
    text = (folder / "lua.h").read_text("utf-8")
    parts = re.findall(r'#define LUA_VERSION_(?:MAJOR|MINOR|RELEASE)\s+"(\d+)"', text)
    return "Lua " + ".".join(parts)


def _lua_licence(folder: Path) -> str:
    """The notice stands at the end of lua.h."""
    notice = (folder / "lua.h").read_text("utf-8").rpartition("/****")[2]
    lines = [line.strip(" */") for line in notice.splitlines() if line.startswith("*")]
    return "Lua\n\n" + "\n".join(lines).strip() + "\n"


def _sqlite_version(folder: Path) -> str:
    found = re.search(r'#define SQLITE_VERSION\s+"([\d.]+)"', (folder / "sqlite3.h").read_text("utf-8"))
    return f"SQLite {found[1] if found else '?'}"


def _sqlite_licence(folder: Path) -> str:
    """SQLite is in the public domain; what its files say in place of a licence."""
    text = (folder / "sqlite3.h").read_text("utf-8")
    found = re.search(r"\*\* (The author disclaims.*?never taking more than you give\.)", text, re.DOTALL)
    if found is None:
        raise BuildError("sqlite3.h no longer begins with its blessing: look what it says now")
    return "SQLite\n\n" + "\n".join(line.removeprefix("**").strip() for line in found[1].splitlines()) + "\n"


PROGRAMS = {
    "lua": Program(
        name="lua",
        source=LUA,
        ours=("lua/main.c", "common/longjmp.c", "common/longjmp_tag.c"),
        flags=("-O2", *LUA_FLAGS),
        theirs=_lua_files,
        version=_lua_version,
        licence=_lua_licence,
    ),
    "sqlite": Program(
        name="sqlite",
        source=SQLITE,
        ours=("sqlite/main.c", "sqlite/vfs.c", "sqlite/vfs.h"),
        flags=("-Os", *SQLITE_FLAGS),
        theirs=lambda _: ["sqlite3.c"],
        version=_sqlite_version,
        licence=_sqlite_licence,
    ),
}


def compile_program(program: Program) -> tuple[bytes, dict[str, object], str]:
    """Build a module; return it, what ``built.json`` says of it, and the licence text.

    :raises BuildError: a tool or a source is missing or not the pinned one, the compiler failed, the module
        is too large
    """
    with tempfile.TemporaryDirectory(prefix="stackswitch-guest-") as name:
        folder = Path(name)
        unpack(program.source, folder)
        theirs = program.theirs(folder)
        for each in program.ours:
            # Ours go into a folder of their own: Lua may one day have a main.c.
            (folder / "ours").mkdir(exist_ok=True)
            shutil.copy(HERE / each, folder / "ours")
        ours = [f"ours/{Path(each).name}" for each in program.ours if each.endswith(".c")]
        output = f"{program.name}.wasm"  # the linker makes it the module's name too
        # Relative names only, so that no path of this machine can get into the module.
        # -g, since this compiler's -Os would else drop the names as well; the DWARF goes below.
        flags = ["--target=wasm32-wasi", "-g", *program.flags, *LINK_FLAGS]
        _zig(["cc", *flags, "-w", "-I.", *ours, *theirs, "-o", output], folder)
        module = without_debug((folder / output).read_bytes())
        version, licence = program.version(folder), program.licence(folder)
    if len(module) > SIZE_LIMIT_BYTES:
        raise BuildError(f"{program.name}.wasm has {len(module)} bytes, the limit is {SIZE_LIMIT_BYTES}")
    source = program.source
    facts: dict[str, object] = {
        "program": version,
        "source": f"{source.package} {source.version} ({source.registry}), {source.archive}: {source.inside}",
        "source_sha256": source.sha256,
        "compiler": f"ziglang {ZIG_VERSION} (PyPI)",
        "flags": flags,
        "sha256": hashlib.sha256(module).hexdigest(),
        "size_bytes": len(module),
    }
    return module, facts, licence


def _zig(arguments: list[str], folder: Path) -> None:
    try:
        version = importlib.metadata.version("ziglang")
    except importlib.metadata.PackageNotFoundError:
        raise BuildError(f"no compiler: pip install ziglang=={ZIG_VERSION}") from None
    if version != ZIG_VERSION:
        raise BuildError(f"ziglang is {version}, the modules are built with {ZIG_VERSION}")
    argv = [sys.executable, "-m", "ziglang", *arguments]
    done = subprocess.run(argv, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise BuildError(f"the compiler failed:\n{done.stderr.strip()[-4000:]}")


def without_debug(module: bytes) -> bytes:
    """Drop the custom sections of DWARF: the C library comes with them, and the linker's own switch for it
    takes the function names along, which lists are made of.
    """
    kept = [module[:8]]
    at = 8
    while at < len(module):
        size, body = _leb128(module, at + 1)
        length, text = _leb128(module, body) if module[at] == 0 else (0, body)
        if not (module[at] == 0 and module[text : text + length].startswith(b".debug_")):
            kept.append(module[at : body + size])
        at = body + size
    return b"".join(kept)


def _leb128(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at


def _libc_licence() -> str:
    """The notices of the C library that is linked in: wasi-libc, and musl, which most of it is."""
    folder = Path(str(importlib.metadata.distribution("ziglang").locate_file("ziglang/lib/libc")))
    wasi = (folder / "wasi" / "LICENSE-MIT").read_text("utf-8").strip()
    musl = (folder / "musl" / "COPYRIGHT").read_text("utf-8").strip()
    return f"wasi-libc (also under Apache-2.0 WITH LLVM-exception)\n\n{wasi}\n\n\nmusl\n\n{musl}\n"


def main() -> int:
    """Build what the command line names; 0, or 1 if ``--check`` found a difference."""
    parser = argparse.ArgumentParser(description="Build the suite's real programs.")
    names = ", ".join(PROGRAMS)
    parser.add_argument("programs", nargs="*", metavar="PROGRAM", help=f"{names} (default: all)")
    parser.add_argument("--check", action="store_true", help="compare with what stands, write nothing")
    options = parser.parse_args()
    if unknown := set(options.programs) - set(PROGRAMS):
        parser.error(f"no program {', '.join(sorted(unknown))}")
    facts_file = OUTPUT / "built.json"
    facts = json.loads(facts_file.read_text("utf-8")) if facts_file.exists() else {}
    differs = False
    for name in options.programs or PROGRAMS:
        try:
            module, fact, licence = compile_program(PROGRAMS[name])
        except BuildError as error:
            sys.stderr.write(f"{name}: {error}\n")
            return 3
        target = OUTPUT / f"{name}.wasm"
        same = target.exists() and target.read_bytes() == module and facts.get(name) == fact
        verdict = "unchanged" if same else "changed"
        sys.stdout.write(f"{name}: {fact['program']}, {len(module)} bytes, {verdict}\n")
        differs |= not same
        if not options.check:
            target.write_bytes(module)
            (OUTPUT / f"{name}.LICENSE.txt").write_text(licence, "utf-8")
            (OUTPUT / "libc.LICENSE.txt").write_text(_libc_licence(), "utf-8")
            facts[name] = fact
            facts_file.write_text(json.dumps(facts, indent=2, sort_keys=True) + "\n", "utf-8")
    return int(options.check and differs)


if __name__ == "__main__":
    sys.exit(main())
