"""Read a suite: a folder of TOML cases with their modules (``docs/suite-format.md``)."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from wasmtime import WasmtimeError, wat2wasm

from stackswitch.backends.base import LoadedCase
from stackswitch.errors import SuiteError, WasmFormatError
from stackswitch.models.base import Frozen
from stackswitch.models.case import MAIN, Case
from stackswitch.wasm.module import Module, parse_module

from .checks import case_problems

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

CONFIG_NAME = "stackswitch.toml"


class Suite(Frozen):
    """The cases of a folder, sorted by id; ``files`` says, by id, where each stands."""

    folder: Path
    cases: tuple[LoadedCase, ...]
    files: dict[str, Path] = {}


def load_suite(folder: Path, patterns: tuple[str, ...] = ()) -> Suite:
    """Read every case below ``folder`` whose id matches one of ``patterns`` (shell globs; none: all).

    A module that is broken, or a case that does not fit its module, is told in ``LoadedCase.problem``
    and does not stop the others.

    :raises SuiteError: no folder, no case in it or none that matches, a case file that is malformed
        (all of them are named), two cases of one id
    """
    if not folder.is_dir():
        raise SuiteError(f"{folder}: there is no such folder; a suite is a folder of *.toml cases")
    sources = _Sources()
    found: dict[str, tuple[Path, Case]] = {}
    complaints: list[str] = []
    for path in _case_files(folder):
        try:
            case = _read_case(path, folder)
        except SuiteError as error:
            complaints.append(str(error))
            continue
        if case.id in found:
            complaints.append(f"{path}: the id {case.id!r} is taken by {found[case.id][0]}")
        found[case.id] = (path, case)
    if complaints:
        raise SuiteError("\n".join(complaints))
    if not found:
        raise SuiteError(f"{folder}: no case in it; a case is a *.toml file (docs/suite-format.md)")
    chosen = [name for name in sorted(found) if _matches(name, patterns)]
    if not chosen:
        raise SuiteError(f"{folder}: none of its {len(found)} cases matches {' or '.join(patterns)}")
    return Suite(
        folder=folder,
        cases=tuple(sources.load(*found[name]) for name in chosen),
        files={name: found[name][0] for name in chosen},
    )


def _matches(name: str, patterns: tuple[str, ...]) -> bool:
    return not patterns or any(fnmatchcase(name, pattern) for pattern in patterns)


def _case_files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*.toml")):
        parts = path.relative_to(folder).parts
        if path.name != CONFIG_NAME and not any(
            part.startswith(".") or part == "node_modules" for part in parts
        ):
            yield path


def _read_case(path: Path, folder: Path) -> Case:
    try:
        data: dict[str, Any] = tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SuiteError(f"{path}: not valid TOML: {error}") from None
    except OSError as error:
        raise SuiteError(f"{path}: cannot be read: {error.strerror}") from None
    data.setdefault("id", path.relative_to(folder).with_suffix("").as_posix())
    try:
        return Case.model_validate(data)
    except ValidationError as error:
        lines = [f"{path}: not a case:"]
        for each in error.errors(include_url=False):
            where = ".".join(str(part) for part in each["loc"]) or "case"
            lines.append(f"  {where}: {each['msg'].removeprefix('Value error, ')}")
        raise SuiteError("\n".join(lines)) from None


class _Sources:
    """Modules by file, each compiled and parsed once."""

    def __init__(self) -> None:
        self._known: dict[Path, tuple[bytes, Module] | str] = {}

    def load(self, path: Path, case: Case) -> LoadedCase:
        """Put the modules to a case and look whether they fit each other."""
        wanted = {each.name: each.source for each in case.instances} | {MAIN: case.source}
        binaries: dict[str, bytes] = {}
        parsed: dict[str, Module] = {}
        for name, source in wanted.items():
            got = self._get(path.parent / source)
            if isinstance(got, str):
                return LoadedCase(case=case, modules={}, problem=got)
            binaries[name], parsed[name] = got
        problems = case_problems(case, parsed)
        return LoadedCase(case=case, modules=binaries, problem="; ".join(problems) or None)

    def _get(self, source: Path) -> tuple[bytes, Module] | str:
        if source not in self._known:
            self._known[source] = _compile(source)
        return self._known[source]


def _compile(source: Path) -> tuple[bytes, Module] | str:
    try:
        binary = source.read_bytes()
        if source.suffix == ".wat":
            binary = bytes(wat2wasm(binary))
        return binary, parse_module(binary)
    except OSError as error:
        return f"{source}: cannot be read: {error.strerror}"
    except WasmtimeError as error:
        return f"{source}: not valid WebAssembly text: {' '.join(str(error).split())}"
    except WasmFormatError as error:
        return f"{source}: {error}"
