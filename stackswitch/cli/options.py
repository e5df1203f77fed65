"""Options that several commands have, each written once, and what they come to."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Annotated, cast, get_args

import typer

from stackswitch.backends.registry import BACKENDS, BackendOptions, Use, backend_spec, check_engine
from stackswitch.errors import ConfigError, ListFileError
from stackswitch.fix.sources import Lists, ListSource, shared_source
from stackswitch.lists.elements import Spelling
from stackswitch.suite.loader import Suite
from stackswitch.wasm.module import Module, parse_module
from stackswitch.wasm.symbols import read_symbols, with_symbols

from .inputs import read_input
from .output import check_writable
from .settings import CONFIG_NAME, Settings, refuse_programs

SuiteFolder = Annotated[
    Path | None,
    typer.Argument(help="A folder of cases. Default: the configured one, or the suite that comes along."),
]
OwnSuite = Annotated[Path | None, typer.Argument(help="A folder of cases. Default: the configured one.")]
AllowSkip = Annotated[
    list[str] | None,
    typer.Option(metavar="BACKEND", help="Do not fail where this backend cannot be had; may be repeated."),
]
CaseGlobs = Annotated[
    list[str] | None,
    typer.Option("-k", metavar="GLOB", help="Only cases whose id matches; may be repeated."),
]
Jobs = Annotated[int | None, typer.Option("-j", "--jobs", min=1, max=64, help="Cases at a time.")]
Timeout = Annotated[
    float | None, typer.Option(min=0.001, metavar="SECONDS", help="For every case, instead of its own.")
]
WasmOpt = Annotated[Path | None, typer.Option(help="Binaryen's wasm-opt. Default: looked for.")]
DataOnly = Annotated[
    bool,
    typer.Option(
        "--data-only",
        help="Refuse, before anything runs, cases that start programs (commands, services, builds).",
    ),
]
ListFile = Annotated[Path | None, typer.Option("--list", metavar="FILE", help="A file with lists in it.")]
Variable = Annotated[
    str | None, typer.Option(metavar="NAME", help="Which list of the file, if it has several.")
]
ReadBy = Annotated[
    str, typer.Option("--spelling", help="Who reads a file with a name a line: binaryen or emscripten.")
]
TraceFiles = Annotated[
    list[Path] | None, typer.Option(metavar="FILE", help="A trace (stackswitch trace); repeatable.")
]

DEFAULT_BACKENDS = tuple(name for name, spec in BACKENDS.items() if spec.default)

Symbols = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE", help="Names for a module that has none: INDEX:NAME a line (emcc's .symbols)."
    ),
]


def backend_options(
    settings: Settings, *, engine: str | None = None, jobs: int | None = None, wasm_opt: Path | None = None
) -> BackendOptions:
    """Return what opens backends; what is configured holds where a flag was not given.

    :param engine: as ``engine_for`` has checked it
    """
    return BackendOptions(
        engine=engine,
        jobs=jobs or settings.jobs,
        wasm_opt=wasm_opt or settings.wasm_opt,
    )


def data_only_holds(settings: Settings, flag: bool, **given: object) -> bool:
    """Whether only data may run; then refuse programs that the configuration names.

    :param given: flags by the name of their setting; what they name is the user's own choice
    :raises DataOnlyError: the configuration names a program
    """
    if not (flag or settings.data_only):
        return False
    refuse_programs(settings, named={name for name, value in given.items() if value is not None})
    return True


def backends_to_run(named: Collection[str], settings: Settings) -> tuple[str, ...]:
    """Return the backends that are named; without any, the default ones and those that are required.

    :raises ConfigError: there is no such backend
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

    :param backends: those that are going to be opened
    :param named: those that a flag names; each of them has to run on the engine that a flag names
    :param uses: what they are opened for
    :raises ConfigError: there is no such engine, or none of the backends can use it
    """
    try:
        if flag is not None:
            check_engine(flag, named or backends, uses=uses, every=bool(named))
            return flag
        if settings.engine is not None:
            # A backend that a flag names need not be one that the configured engine is for.
            which = tuple(BACKENDS) if named else backends
            check_engine(settings.engine, which, uses=uses, every=False)
    except ConfigError as error:
        where = "--engine" if flag is not None else f"engine in {CONFIG_NAME} or $STACKSWITCH_ENGINE"
        raise ConfigError(f"{where}: {error}") from None
    return settings.engine


def uses_of(suite: Suite) -> tuple[Use, ...]:
    """Return what backends are opened for to run a suite."""
    uses: dict[Use, bool] = {"cases": bool(suite.cases), "commands": bool(suite.commands)}
    return tuple(use for use, has in uses.items() if has)


def suite_folder(given: Path | None, settings: Settings, command: str, *, or_else: str = "") -> Path:
    """Return the suite that is given or configured.

    :param or_else: what else would do, for the message
    :raises typer.BadParameter: neither; the suite that comes along is for ``test`` alone
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

    :raises typer.BadParameter: a flag names a backend that we do not know
    :raises ConfigError: the configuration does
    """
    for name in flags or ():
        one_of(name, tuple(BACKENDS), "--allow-skip")
    for name in (*settings.allow_skip, *settings.require):
        backend_spec(name)
    return frozenset(flags or ()) | (frozenset(settings.allow_skip) - frozenset(settings.require))


def one_of(value: str, known: tuple[str, ...], option: str) -> None:
    """Refuse a word that an option does not know.

    :raises typer.BadParameter: it is none of these
    """
    if value not in known:
        raise typer.BadParameter(f"{value!r} is none of {', '.join(known)}", param_hint=option)


def spelling_of(text: str) -> Spelling:
    """Read ``--spelling``.

    :raises typer.BadParameter: it is none
    """
    one_of(text, get_args(Spelling), "--spelling")
    return cast("Spelling", text)


def open_list(
    path: Path | None, variable: str | None, spelling: str, *, made: bool = False
) -> ListSource | None:
    """Read the file of ``--list``; None: there is no such option.

    :param made: one that is not there yet will be made
    :raises typer.BadParameter: a variable and no file, or a spelling that is none
    :raises ConfigError: the file cannot be read
    :raises ListFileError: it holds no list, or one that is not well-formed
    :raises OutputError: it is not there and cannot be made
    """
    read_by = spelling_of(spelling)
    if path is None:
        if variable is not None:
            raise typer.BadParameter("it names a list in the file of --list", param_hint="--variable")
        return None
    if made and not path.exists():
        check_writable([str(path)])
        return shared_source(path, None, variable, spelling=read_by)
    if path.is_dir():
        raise ListFileError("cannot be read: it is a folder", path=str(path))
    return shared_source(path, read_input(path, "list"), variable, spelling=read_by)


def lists_in(source: ListSource | None) -> Lists:
    """Return the lists of ``--list``; none: there is no such option."""
    return {} if source is None else source.lists


def named_module(module: Module, symbols: Path | None) -> Module:
    """Return a module with the names of ``--symbols``, if there is such an option.

    :raises ConfigError: the file cannot be read, is none, or is of another build
    """
    if symbols is None:
        return module
    names = read_symbols(read_input(symbols, "symbol file"), str(symbols))
    return parse_module(with_symbols(module, names, str(symbols)))
