"""Build the suite's modules that are made of C: Lua, SQLite on a file system that waits, and ``cstack``.

    python guests/build.py [lua] [sqlite] [cstack-…] [--check]

writes the modules, their licences and a ``built.json`` into their folders in ``stackswitch/suite/cases/``.
With ``--check`` nothing is written: the exit status says whether the modules there are, to the byte, what
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
CASES = HERE.parent / "stackswitch" / "suite" / "cases"
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
EXPORTED = "-Wl,--export=__stack_pointer"
LINK_FLAGS = (EXPORTED, "-Wl,-z,stack-size=262144")


@dataclass(frozen=True)
class Program:
    """A module: our C, the registry's C, how they are compiled, and who may use it.

    ``folder`` is that of its topic, or with a slash one of the repository. A program that is ours alone has
    no ``source``, and no C library.
    """

    name: str
    ours: tuple[str, ...]
    flags: tuple[str, ...]
    source: Source | None = None
    theirs: Callable[[Path], list[str]] = lambda _: []
    version: Callable[[Path], str] = lambda _: "ours"
    licence: Callable[[Path], str] | None = None
    folder: str = "programs"
    target: str = "wasm32-wasi"

    @property
    def output(self) -> Path:
        """Where it is written."""
        return HERE.parent / self.folder if "/" in self.folder else CASES / self.folder


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


def _cstack(name: str, *flags: str, ours: tuple[str, ...] = (), target: str = "wasm32") -> Program:
    """One C file on a stack of 64 KiB, linked in several ways: the stack pointer is what differs."""
    return Program(
        name=name,
        ours=("cstack/main.c", *ours),
        flags=("-O2", "-nostdlib", "-Wl,--no-entry", "-Wl,-z,stack-size=65536", *flags),
        folder="c-stack",
        target=f"{target}-freestanding",
    )


CSTACK = (
    _cstack("cstack-exported", EXPORTED),
    _cstack("cstack-named"),
    _cstack("cstack-hidden", "-Wl,--strip-all"),
    _cstack("cstack-functions", ours=("cstack/functions.s",)),
    _cstack("cstack-full", EXPORTED, "-Wl,--max-memory=131072"),
    _cstack("cstack-64", EXPORTED, target="wasm64"),
)
PROGRAMS = {
    **{each.name: each for each in CSTACK},
    "lua": Program(
        name="lua",
        source=LUA,
        ours=("lua/main.c", "common/longjmp.c", "common/longjmp_tag.c"),
        flags=("-O2", *LUA_FLAGS, *LINK_FLAGS),
        theirs=_lua_files,
        version=_lua_version,
        licence=_lua_licence,
    ),
    "lua-server": Program(
        name="lua-server",
        source=LUA,
        ours=("lua/server.c", "common/longjmp.c", "common/longjmp_tag.c"),
        flags=("-O2", "-mexec-model=reactor", *LUA_FLAGS, *LINK_FLAGS),
        theirs=_lua_files,
        version=_lua_version,
        licence=_lua_licence,
        folder="examples/lua",
    ),
    "sqlite-http": Program(
        name="sqlite-http",
        source=SQLITE,
        ours=("sqlite/http.c",),
        flags=("-Os", "-mexec-model=reactor", *SQLITE_FLAGS, *LINK_FLAGS),
        theirs=lambda _: ["sqlite3.c"],
        version=_sqlite_version,
        licence=_sqlite_licence,
        folder="examples/sqlite",
    ),
    "sqlite": Program(
        name="sqlite",
        source=SQLITE,
        ours=("sqlite/main.c", "sqlite/vfs.c", "sqlite/vfs.h"),
        flags=("-Os", *SQLITE_FLAGS, *LINK_FLAGS),
        theirs=lambda _: ["sqlite3.c"],
        version=_sqlite_version,
        licence=_sqlite_licence,
    ),
}


def compile_program(program: Program) -> tuple[bytes, dict[str, object], str | None]:
    """Build a module; return it, what ``built.json`` says of it, and the licence text, if it needs one.

    :raises BuildError: a tool or a source is missing or not the pinned one, the compiler failed, the module
        is too large
    """
    with tempfile.TemporaryDirectory(prefix="stackswitch-guest-") as name:
        folder = Path(name)
        if program.source is not None:
            unpack(program.source, folder)
        theirs = program.theirs(folder)
        for each in program.ours:
            # Ours go into a folder of their own: Lua may one day have a main.c.
            (folder / "ours").mkdir(exist_ok=True)
            shutil.copy(HERE / each, folder / "ours")
        ours = [f"ours/{Path(each).name}" for each in program.ours if not each.endswith(".h")]
        output = f"{program.name}.wasm"  # the linker makes it the module's name too
        # Relative names only, so that no path of this machine can get into the module.
        # -g, since this compiler's -Os would else drop the names as well; the DWARF goes below.
        flags = [f"--target={program.target}", "-g", *program.flags]
        _zig(["cc", *flags, "-w", "-I.", *ours, *theirs, "-o", output], folder)
        module = without_debug((folder / output).read_bytes())
        version = program.version(folder)
        licence = None if program.licence is None else program.licence(folder)
    if len(module) > SIZE_LIMIT_BYTES:
        raise BuildError(f"{program.name}.wasm has {len(module)} bytes, the limit is {SIZE_LIMIT_BYTES}")
    facts: dict[str, object] = {
        "program": version,
        **_source_facts(program),
        "compiler": f"ziglang {ZIG_VERSION} (PyPI)",
        "flags": flags,
        "sha256": hashlib.sha256(module).hexdigest(),
        "size_bytes": len(module),
    }
    return module, facts, licence


def _source_facts(program: Program) -> dict[str, str]:
    source = program.source
    if source is None:
        return {"source": ", ".join(f"guests/{each}" for each in program.ours)}
    where = f"{source.package} {source.version} ({source.registry}), {source.archive}: {source.inside}"
    return {"source": where, "source_sha256": source.sha256}


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
    differs = False
    for name in options.programs or PROGRAMS:
        program = PROGRAMS[name]
        try:
            module, fact, licence = compile_program(program)
        except BuildError as error:
            sys.stderr.write(f"{name}: {error}\n")
            return 3
        target, facts_file = program.output / f"{name}.wasm", program.output / "built.json"
        facts = json.loads(facts_file.read_text("utf-8")) if facts_file.exists() else {}
        same = target.exists() and target.read_bytes() == module and facts.get(name) == fact
        verdict = "unchanged" if same else "changed"
        sys.stdout.write(f"{name}: {fact['program']}, {len(module)} bytes, {verdict}\n")
        differs |= not same
        if not options.check:
            target.write_bytes(module)
            if licence is not None:
                (program.output / f"{name}.LICENSE.txt").write_text(licence, "utf-8")
                (program.output / "libc.LICENSE.txt").write_text(_libc_licence(), "utf-8")
            facts[name] = fact
            facts_file.write_text(json.dumps(facts, indent=2, sort_keys=True) + "\n", "utf-8")
    return int(options.check and differs)


if __name__ == "__main__":
    sys.exit(main())
