"""Build the programs of the table with the emcc of this Debian; ``.ci/toolchains`` runs it within a chroot.

Usage: python3 build.py OUTPUT [NAME…]: makes OUTPUT/DEBIAN/NAME, with the build's files and what emcc has
printed, of all that ``builds.toml`` has for this Debian, or of those named. Exits with 1 if one fails.
Imports the standard library only.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import tomllib

_HERE = Path(__file__).parent
_PROGRAMS = _HERE / "programs"
_BUILT_LIBRARIES = Path("/usr/share/emscripten/cache")
_SETTINGS: dict[str, Any] = tomllib.loads((_HERE / "builds.toml").read_text("utf-8"))


def commands(name: str, build: dict[str, Any], output: Path) -> list[list[str]]:
    """Return the commands that make a build, with their outputs in a folder."""
    common = _SETTINGS["options"]
    kind: list[str] = common[name.split("-")[0]]
    options = [*common["all"], *kind, *build["options"]]
    source = _PROGRAMS / build["source"]
    compiler = "emcc"
    if source.suffix == ".cpp":
        compiler = "em++"
        if "-lembind" not in options and not _BUILT_LIBRARIES.exists():
            options += common["unbuilt"]
    program = output / ("program.mjs" if "-sEXPORT_ES6" in options else "program.js")
    found = []
    sources = [str(source)]
    if "side" in build:
        side = str(output / "side.wasm")
        found.append(["emcc", str(_PROGRAMS / build["side"]), "-O2", "-sSIDE_MODULE=1", kind[0], "-o", side])
        sources.append(side)
    return [*found, [compiler, *sources, *options, "-o", str(program)]]


def make(name: str, folder: Path) -> str | None:
    """Make a build; return what is wrong with it."""
    output = folder / name
    output.mkdir(parents=True)
    started = time.monotonic()
    with (output / "emcc.log").open("w+") as log:
        for command in commands(name, _SETTINGS["build"][name], output):
            log.write(f"$ {' '.join(command)}\n")
            log.flush()
            done = subprocess.run(command, cwd=_PROGRAMS, stdout=log, stderr=log, check=False)
            if done.returncode:
                log.seek(0)
                return f"{name}: {''.join(log.readlines()[-6:])}"
    print(f"{folder.name}: {name}, {time.monotonic() - started:.1f} s", flush=True)
    return None


def main(output: Path, names: list[str]) -> int:
    """Make the builds, as many at a time as there are processors."""
    pretty = platform.freedesktop_os_release()["PRETTY_NAME"]
    debian = "sid" if pretty.endswith("/sid") else platform.freedesktop_os_release()["VERSION_CODENAME"]
    chosen = names or [
        name for name, build in _SETTINGS["build"].items() if debian in build.get("debian", [debian])
    ]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        problems = list(filter(None, pool.map(lambda name: make(name, output / debian), chosen)))
    print(*problems, sep="\n")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
