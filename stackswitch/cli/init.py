"""``stackswitch init``: writes a configuration for a project from what it contains."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import tomlkit

from stackswitch.errors import ConfigError, StackswitchError
from stackswitch.lists.files import read_list
from stackswitch.reports.escape import on_one_line
from stackswitch.tools.parsing import toml_document
from stackswitch.wasm.asyncified import is_asyncified
from stackswitch.wasm.module import parse_module

from .console import Console
from .options import argument
from .output import write_output
from .settings import CONFIG_NAME

_SKIPPED_FOLDERS = {"node_modules", "build", "dist", "target", "venv", "__pycache__"}
_MOST_FILES = 20_000
_MAGIC = b"\0asm"
_MENTIONS = b"ASYNCIFY_ONLY"
_LARGEST_LIST = 4_000_000


@dataclass(frozen=True)
class InitOptions:
    """Write a stackswitch.toml for what this project contains; an existing one is left alone."""

    folder: Path = argument("The project. Default: the current folder.", default=Path())


def init(options: InitOptions) -> None:
    """Look for suites, lists and modules, and write a configuration.

    :raises ConfigError: there is no such folder, or it has a configuration
    """
    console, folder = Console(), options.folder
    if not folder.is_dir():
        raise ConfigError(f"{folder}: is no folder")
    target = folder / CONFIG_NAME
    if target.exists():
        raise ConfigError(f"{target}: is there already, and stays as it is; take it away to have a new one")
    suites, lists, modules = _look(folder)
    write_output(str(target), _configuration(suites, lists, modules).encode())
    console.print(f"wrote {target}", style="bold")
    for what, found in (("suite", suites), ("list", lists), ("module", modules)):
        console.print(f"  {what}: {', '.join(found[:3]) or 'none found'}{' …' if len(found) > 3 else ''}")
    console.print("next:")
    if modules:
        console.print(f"  stackswitch report {shlex.quote(modules[0])}")
    console.print("  stackswitch test" if suites else "  stackswitch trace -- node your-program.mjs")


def _look(folder: Path) -> tuple[list[str], list[str], list[str]]:
    """Return suites, files with lists, and modules before any Asyncify; relative, the nearest first."""
    suites: dict[str, None] = {}
    lists: list[str] = []
    modules: list[str] = []
    for path in sorted(_files(folder), key=lambda each: (len(each.parts), str(each))):
        name = path.relative_to(folder).as_posix()
        try:
            name.encode("utf-8")  # else TOML cannot name it
            kind = _kind(path)
        except (OSError, ValueError, StackswitchError):
            continue
        if kind == "suite":
            within = _suite_of(path, folder)
            if not any(within == each or within.startswith(f"{each}/") for each in suites):
                suites[within] = None
        elif kind is not None:
            (modules if kind == "module" else lists).append(name)
    return list(suites), lists, modules


def _files(folder: Path) -> Iterator[Path]:
    count = 0
    for place, folders, names in os.walk(folder):
        folders[:] = [each for each in folders if each not in _SKIPPED_FOLDERS and not each.startswith(".")]
        for name in names:
            count += 1
            if count > _MOST_FILES:
                return
            yield Path(place, name)


def _kind(path: Path) -> Literal["suite", "list", "module"] | None:
    """Return what a file is: part of a suite, one with a list, or a module before any Asyncify."""
    if path.suffix == ".wasm":
        data = path.read_bytes()
        return "module" if data[:4] == _MAGIC and not is_asyncified(parse_module(data)) else None
    if path.name == "suite.toml":
        return "suite"
    if path.suffix == ".toml" and _is_case(path):
        return "suite"
    if path.stat().st_size > _LARGEST_LIST:
        return None
    data = path.read_bytes()
    return "list" if _MENTIONS in data and read_list(data, path=str(path)).names else None


def _is_case(path: Path) -> bool:
    """Whether it looks like a case: TOML that says why, and what is expected."""
    try:
        data = toml_document(path.read_text("utf-8"))
    except ValueError:
        return False
    return "why" in data and ("export" in data or "command" in data or "steps" in data)


def _suite_of(path: Path, folder: Path) -> str:
    """The suite's folder: that of suite.toml, else the outermost below the project with cases under it."""
    if path.name == "suite.toml":
        return path.parent.relative_to(folder).as_posix()
    parts = path.parent.relative_to(folder).parts
    for at, part in enumerate(parts):
        if part in ("suite", "suites", "cases", "stackswitch"):
            return "/".join(parts[: at + 1])
    return "/".join(parts) or "."


def _configuration(suites: list[str], lists: list[str], modules: list[str]) -> str:
    def setting(name: str, found: list[str], example: str) -> str:
        return f"{name} = {tomlkit.item(found[0]).as_string()}" if found else f"# {name} = {example}"

    lines = [
        "# What stackswitch does here without flags; flags win.",
        setting("suite", suites, '"tests/stackswitch"    # a folder of cases'),
        setting("lists", lists, '"Dockerfile"           # the file in which ASYNCIFY_ONLY lives'),
        'engines = ["node@lts"]',
        '# browserslist = "defaults"      # who your users are',
        *([f"# modules found: {on_one_line(', '.join(modules[:10]))}"] if modules else []),
        "",
        "# Rules of `stackswitch report` that do not count here, each with its reason.",
        "# [report.silence]",
        '# shared-stack = "our glue makes one call at a time"',
    ]
    return "\n".join(lines) + "\n"
