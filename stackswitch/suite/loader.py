"""Reads a suite: a folder of TOML cases with their modules (``docs/suite-format.md``)."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Container, Iterable, Iterator
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

from pydantic import ValidationError

from stackswitch.backends.base import LoadedCase, LoadedCommand
from stackswitch.errors import DataOnlyError, SuiteError, WasmFormatError
from stackswitch.models.base import Frozen
from stackswitch.models.case import MAIN, Case
from stackswitch.models.command import CommandCase, CommandExpect, SuiteFile
from stackswitch.tools.parsing import read_toml, texts_in
from stackswitch.tools.processes import text_of
from stackswitch.wasm.module import Module, parse_module

from .case_validation import case_problems

CONFIG_NAME = "stackswitch.toml"
SUITE_NAME = "suite.toml"


class Suite(Frozen):
    """The cases of a folder, sorted by id.

    ``cases``: call exports. ``commands``: programs with their own glue. ``files``: by id, the file of each.
    ``file``: the content of ``suite.toml``.
    """

    folder: Path
    cases: tuple[LoadedCase, ...]
    commands: tuple[LoadedCommand, ...] = ()
    files: dict[str, Path] = {}
    file: SuiteFile = SuiteFile()

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of all cases, sorted."""
        return tuple(sorted([each.case.id for each in self.cases] + [each.case.id for each in self.commands]))

    def only(self, ids: Container[str]) -> Suite:
        """Return the suite with only these cases."""
        return self.model_copy(
            update={
                "cases": tuple(each for each in self.cases if each.case.id in ids),
                "commands": tuple(each for each in self.commands if each.case.id in ids),
                "files": {name: path for name, path in self.files.items() if name in ids},
            }
        )


def load_suite(folder: Path, patterns: tuple[str, ...] = (), *, data_only: bool = False) -> Suite:
    """Read every case below ``folder`` whose id matches one of ``patterns`` (shell globs; none: all).

    If a module is broken, or a case does not fit its module, ``LoadedCase.problem`` says so. The other cases
    are not affected.

    :param data_only: refuse cases that start programs
    :raises DataOnlyError: the cases that match are not all data
    :raises SuiteError: no folder, no case in it or none that matches, a case file that is malformed
        (all of them are named), two cases of one id
    """
    if not folder.is_dir():
        raise SuiteError(f"{folder}: there is no such folder; a suite is a folder of *.toml cases")
    found: dict[str, tuple[Path, Case | CommandCase]] = {}
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
    try:
        file = _read_suite_file(folder)
    except SuiteError as error:
        complaints.append(str(error))
    if complaints:
        raise SuiteError("\n".join(complaints))
    if not found:
        raise SuiteError(f"{folder}: no case in it; a case is a *.toml file (docs/suite-format.md)")
    chosen = [name for name in sorted(found) if _matches(name, patterns)]
    if not chosen:
        raise SuiteError(
            f"{folder}: none of its {len(found)} cases matches {' or '.join(patterns)}\n"
            f"  a pattern matches the whole id, as in {_patterns_like(found)}"
        )
    if data_only:
        _refuse_programs(folder, [found[name] for name in chosen], file)
    read = cache(_compile)
    cases, commands = [], []
    for name in chosen:
        path, case = found[name]
        if isinstance(case, CommandCase):
            commands.append(_load_command(path, case))
        else:
            cases.append(_load_case(path, case, read))
    return Suite(
        folder=folder,
        cases=tuple(cases),
        commands=tuple(commands),
        files={name: found[name][0] for name in chosen},
        file=file,
    )


def _refuse_programs(folder: Path, chosen: list[tuple[Path, Case | CommandCase]], file: SuiteFile) -> None:
    starts = [
        f"{path}: command: {shlex.join(case.command)}"
        for path, case in chosen
        if isinstance(case, CommandCase)
    ]
    if starts and file.services is not None:
        starts.insert(0, f"{folder / SUITE_NAME}: services: {shlex.join(file.services.command)}")
    if starts:
        what = "the suite starts programs, and only data may run (--data-only, data_only); nothing was run"
        raise DataOnlyError(what, starts=starts)


def _matches(name: str, patterns: tuple[str, ...]) -> bool:
    return not patterns or any(fnmatchcase(name, pattern) for pattern in patterns)


def _patterns_like(ids: Iterable[str]) -> str:
    """Return up to three patterns that match some of these cases: their folders, or the first of the ids."""
    folders = sorted({f"{name.split('/')[0]}/*" for name in ids if "/" in name})
    return ", ".join((folders or sorted(ids))[:3])


def _case_files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*.toml")):
        parts = path.relative_to(folder).parts
        own = path.name == CONFIG_NAME or (path.name == SUITE_NAME and path.parent == folder)
        if not own and not any(part.startswith(".") or part == "node_modules" for part in parts):
            yield path


def _read_case(path: Path, folder: Path) -> Case | CommandCase:
    data = read_toml(path, SuiteError)
    data.setdefault("id", path.relative_to(folder).with_suffix("").as_posix())
    try:
        if "command" not in data:
            return Case.model_validate(data)
        foreign = [key for key in ("export", "source", "step", "host") if key in data]
        if foreign:
            raise SuiteError(
                f"{path}: not a case:\n  a case has a command, or a source and what is called of it;"
                f" this one has command and {', '.join(foreign)}"
            )
        return CommandCase.model_validate(data)
    except ValidationError as error:
        raise _invalid(f"{path}: not a case:", error, "case") from None


def _read_suite_file(folder: Path) -> SuiteFile:
    path = folder / SUITE_NAME
    if not path.is_file():
        return SuiteFile()
    data = read_toml(path, SuiteError)
    if any("\0" in text for text in texts_in(data)):
        raise SuiteError(f"{path}: nothing in it takes a NUL character")
    try:
        return SuiteFile.model_validate(data)
    except ValidationError as error:
        raise _invalid(f"{path}: is invalid:", error, "suite") from None


def _invalid(message: str, error: ValidationError, whole: str) -> SuiteError:
    lines = [message]
    for each in error.errors(include_url=False):
        where = ".".join(str(part) for part in each["loc"]) or whole
        lines.append(f"  {where}: {each['msg'].removeprefix('Value error, ')}")
    return SuiteError("\n".join(lines))


def _load_command(path: Path, case: CommandCase) -> LoadedCommand:
    """Read the expected output of a command from its file."""
    folder = path.parent
    try:
        differs = tuple(
            each.model_copy(update={"expect": _with_stdout(each.expect, folder)}) for each in case.differs
        )
        read = case.model_copy(update={"expect": _with_stdout(case.expect, folder), "differs": differs})
    except OSError as error:
        problem = f"stdout_file: {error.filename}: cannot be read: {error.strerror}"
        return LoadedCommand(case=case, folder=folder, problem=problem)
    return LoadedCommand(case=read, folder=folder)


def _with_stdout(expect: CommandExpect, folder: Path) -> CommandExpect:
    if expect.stdout_file is None:
        return expect
    return expect.model_copy(update={"stdout": text_of((folder / expect.stdout_file).read_bytes())})


def _load_case(path: Path, case: Case, read: Callable[[Path], tuple[bytes, Module] | str]) -> LoadedCase:
    """Attach modules to a case and check that they fit each other.

    :param read: returns a module, or why it cannot be read
    """
    wanted = {each.name: each.source for each in case.instances} | {MAIN: case.source}
    binaries: dict[str, bytes] = {}
    parsed: dict[str, Module] = {}
    for name, source in wanted.items():
        found = read(path.parent / source)
        if isinstance(found, str):
            return LoadedCase(case=case, modules={}, problem=found)
        binaries[name], parsed[name] = found
    problems = case_problems(case, parsed)
    return LoadedCase(case=case, modules=binaries, problem="; ".join(problems) or None)


def _compile(source: Path) -> tuple[bytes, Module] | str:
    if "\0" in str(source):
        return f"{source}: no file's name has a NUL character"
    try:
        binary = source.read_bytes()
        if source.suffix == ".wat":
            import wasmtime  # not at the top: it takes a tenth of a second, also for `--help`

            try:
                binary = bytes(wasmtime.wat2wasm(binary))
            except wasmtime.WasmtimeError as error:
                return f"{source}: not valid WebAssembly text: {' '.join(str(error).split())}"
        return binary, parse_module(binary)
    except OSError as error:
        return f"{source}: cannot be read: {error.strerror}"
    except WasmFormatError as error:
        return f"{source}: {error}"
