"""From options and the configuration, what a command works with; an option has priority over a setting."""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import typer

from stackswitch.backends.registry import BACKENDS, BackendOptions, Use, backend_spec, check_engine
from stackswitch.engines.targets import engine_program
from stackswitch.errors import ConfigError, ListFileError
from stackswitch.fix.sources import Lists, ListSource, shared_source
from stackswitch.lists.elements import Spelling
from stackswitch.suite.loader import Suite
from stackswitch.wasm.module import Module, parse_module
from stackswitch.wasm.symbols import read_symbols, with_symbols

from .console import Console
from .inputs import read_input
from .options import DEFAULT_BACKENDS
from .output import check_writable
from .progress import Progress
from .settings import CONFIG_NAME, Settings, refuse_programs


def backend_options(
    settings: Settings, *, engine: str | None = None, jobs: int | None = None, wasm_opt: Path | None = None
) -> BackendOptions:
    """Return the options that open backends: those of the command line, else the configured ones.

    :param engine: as ``engine_for`` has checked it
    """
    return BackendOptions(
        engine=engine,
        jobs=jobs or settings.jobs,
        wasm_opt=wasm_opt or settings.wasm_opt,
    )


def only_data_may_run(settings: Settings, flag: bool, **given: object) -> bool:
    """Whether only data may run. If so, reject programs that the configuration names.

    :param given: options by the name of their setting; the user may name programs there
    :raises DataOnlyError: the configuration names a program
    """
    if not (flag or settings.data_only):
        return False
    refuse_programs(settings, named={name for name, value in given.items() if value is not None})
    return True


def backends_to_run(named: Collection[str], settings: Settings) -> tuple[str, ...]:
    """Return the named backends, or else the default and the required ones.

    :raises ConfigError: a backend is unknown
    """
    names = named or {*DEFAULT_BACKENDS, *settings.require}
    for name in names:
        backend_spec(name)
    return tuple(name for name in BACKENDS if name in names)


def engine_for(
    flag: str | None,
    settings: Settings,
    backends: Collection[str],
    *,
    named: Collection[str] = (),
    uses: tuple[Use, ...] = ("cases",),
) -> str | None:
    """Return the engine of ``--engine`` or of the configuration; None: neither names one.

    :param backends: those that will be opened
    :param named: those of ``--backend``; each of them must run on the engine of ``--engine``
    :param uses: what they are opened for
    :raises ConfigError: the engine is unknown, or none of the backends runs on it
    """
    try:
        if flag is not None:
            check_engine(flag, named or backends, uses=uses, every=bool(named))
            return flag
        if settings.engine is not None:
            # A backend of --backend need not run on the configured engine.
            which = tuple(BACKENDS) if named else backends
            check_engine(settings.engine, which, uses=uses, every=False)
    except ConfigError as error:
        where = "--engine" if flag is not None else f"engine in {CONFIG_NAME} or $STACKSWITCH_ENGINE"
        raise ConfigError(f"{where}: {error}") from None
    return settings.engine


def command_on(
    engine: str | None, command: Sequence[str], environment: Mapping[str, str], console: Console
) -> tuple[list[str], dict[str, str]]:
    """Return a command with the path of its program, and its environment, in which ``node`` is the engine.

    The program is looked up on the environment's ``PATH``, which Python would not do.

    :param engine: as ``--engine`` takes it; None: ``node`` is what it is on ``PATH``
    :raises ConfigError: the engine is unknown
    :raises DownloadError: the engine cannot be fetched
    """
    found = dict(environment)
    if engine is not None:
        with Progress(console) as progress:
            program = engine_program(engine, progress.say)
        if program is not None:
            found["PATH"] = f"{program.absolute().parent}{os.pathsep}{environment.get('PATH', '')}"
    return [shutil.which(command[0], path=found.get("PATH")) or command[0], *command[1:]], found


def uses_of(suite: Suite) -> tuple[Use, ...]:
    """Return what a run of the suite opens backends for."""
    uses: dict[Use, bool] = {"cases": bool(suite.cases), "commands": bool(suite.commands)}
    return tuple(use for use, has in uses.items() if has)


def suite_folder(given: Path | None, settings: Settings, command: str, *, or_else: str = "") -> Path:
    """Return the suite that is given or configured.

    :param or_else: the alternative to a suite, for the message
    :raises typer.BadParameter: there is neither; only ``test`` falls back to the suite of the package
    """
    folder = given or settings.suite
    if folder is None:
        raise typer.BadParameter(
            f"{command} needs a suite: give its folder or set suite in {CONFIG_NAME}{or_else}",
            param_hint="SUITE",
        )
    return folder


def allowed_skips(flags: list[str] | None, settings: Settings) -> frozenset[str]:
    """Return the backends that may be skipped: by ``--allow-skip``, or configured and not required.

    :raises typer.BadParameter: an option names an unknown backend
    :raises ConfigError: the configuration names an unknown backend
    """
    for name in flags or ():
        if name not in BACKENDS:
            known = ", ".join(BACKENDS)
            raise typer.BadParameter(f"{name!r} is none of {known}", param_hint="--allow-skip")
    for name in (*settings.allow_skip, *settings.require):
        backend_spec(name)
    return frozenset(flags or ()) | (frozenset(settings.allow_skip) - frozenset(settings.require))


def open_list(
    path: Path | None, variable: str | None, spelling: Spelling, *, made: bool = False
) -> ListSource | None:
    """Read the file of ``--list``; None: the option is not given.

    :param made: a missing file is to be created later
    :raises typer.BadParameter: ``--variable`` without a file
    :raises ConfigError: the file cannot be read
    :raises ListFileError: it holds no list, or one that is not well-formed
    :raises OutputError: it is missing and cannot be created
    """
    if path is None:
        if variable is not None:
            raise typer.BadParameter("it names a list in the file of --list", param_hint="--variable")
        return None
    if made and not path.exists():
        check_writable([str(path)])
        return shared_source(path, None, variable, spelling=spelling)
    if path.is_dir():
        raise ListFileError("cannot be read: it is a folder", path=str(path))
    return shared_source(path, read_input(path, "list"), variable, spelling=spelling)


def open_lists(
    files: Sequence[Path] | None,
    settings: Settings,
    variable: str | None,
    spelling: Spelling,
    *,
    made: bool = False,
) -> list[ListSource]:
    """Read the files of a repeatable ``--list``, or the configured one; see ``open_list``."""
    paths: Sequence[Path | None] = files or [settings.lists.file]
    opened = [open_list(each, variable, spelling, made=made) for each in paths]
    return [each for each in opened if each is not None]


def lists_in(source: ListSource | None) -> Lists:
    """Return the lists of ``--list``; none if the option is not given."""
    return {} if source is None else source.lists


def named_module(module: Module, symbols: Path | None) -> Module:
    """Return a module with the names of ``--symbols``, if the option is given.

    :raises ConfigError: the file cannot be read, is no symbol file, or belongs to another build
    """
    if symbols is None:
        return module
    names = read_symbols(read_input(symbols, "symbol file"), str(symbols))
    return parse_module(with_symbols(module, names, str(symbols)))
