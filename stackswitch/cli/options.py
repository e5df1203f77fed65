"""Options that several commands have, each written once, and what they come to."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, cast, get_args

import typer

from stackswitch.backends.registry import BackendOptions
from stackswitch.errors import ListFileError
from stackswitch.fix.sources import Lists, ListSource, shared_source
from stackswitch.lists.elements import Spelling
from stackswitch.wasm.module import Module, parse_module
from stackswitch.wasm.symbols import read_symbols, with_symbols

from .inputs import read_input
from .output import check_writable
from .settings import Settings, refuse_programs

SuiteFolder = Annotated[
    Path | None,
    typer.Argument(help="A folder of cases. Default: the configured one, or the suite that comes along."),
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
    str | None, typer.Option(metavar="NAME", help="Which list in the file, where it cannot be told.")
]
ReadBy = Annotated[
    str, typer.Option("--spelling", help="Who reads a file with a name a line: binaryen or emscripten.")
]
TraceFiles = Annotated[
    list[Path] | None, typer.Option(metavar="FILE", help="A trace (stackswitch trace); repeatable.")
]

Symbols = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE", help="Names for a module that has none: INDEX:NAME a line (emcc's .symbols)."
    ),
]


def backend_options(
    settings: Settings, *, engine: str | None = None, jobs: int | None = None, wasm_opt: Path | None = None
) -> BackendOptions:
    """Return what opens backends; what is configured holds where a flag was not given."""
    return BackendOptions(
        engine=engine or settings.engine,
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
