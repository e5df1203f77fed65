"""How options are declared, and the types of those that several commands have."""

from __future__ import annotations

from dataclasses import field
from pathlib import Path
from typing import Annotated, Any

import typer

from stackswitch.backends.registry import BACKENDS
from stackswitch.lists.elements import Spelling

from .command import DECLARED

DEFAULT_BACKENDS = tuple(name for name, spec in BACKENDS.items() if spec.default)
ENGINES_OF_TESTS = "node, node@24 (from npm), node:/path/to/node"
"""What ``--engine`` takes, for help texts."""
_CHOICE = f"<{'|'.join(BACKENDS)}>"


def _declared(kind: Any, default: Any) -> Any:
    """Return the field of an options class; ``command`` makes an argument or an option of it."""
    metadata = {DECLARED: kind}
    return field(metadata=metadata) if default is ... else field(default=default, metadata=metadata)


def argument(help_text: str, *, default: Any = None, metavar: str | None = None) -> Any:
    """Declare an argument.

    :param default: ``...`` if it is required
    """
    return _declared(typer.Argument(help=help_text, metavar=metavar), default)


def option(help_text: str, *names: str, default: Any = None, **more: Any) -> Any:
    """Declare an option.

    :param names: its names, if they are not the field's
    :param default: ``...`` if it is required
    :param more: what typer takes besides: ``metavar``, ``min``, ``max``
    """
    return _declared(typer.Option(*names, help=help_text, **more), default)


def writes(what: str) -> Any:
    """Declare an option that names an output file.

    :param what: what is written there, for the help text
    """
    return option(f"Write {what}; - is stdout.", metavar="FILE")


def reads(what: str, *names: str) -> Any:
    """Declare an option that names an input file."""
    return option(what, *names, metavar="FILE")


def backends_option(help_text: str) -> Any:
    """Declare ``--backend``, an option that may be repeated."""
    return option(help_text, metavar=_CHOICE)


SuiteFolder = Annotated[
    Path | None,
    typer.Argument(help="A folder of cases. Default: the configured one, or the suite of the package."),
]
OwnSuite = Annotated[Path | None, typer.Argument(help="A folder of cases. Default: the configured one.")]
AllowSkip = Annotated[
    list[str] | None,
    typer.Option(metavar=_CHOICE, help="Do not fail where this backend is not available; may be repeated."),
]
CaseGlobs = Annotated[
    list[str] | None,
    typer.Option("-k", metavar="GLOB", help="Only cases whose id matches; may be repeated."),
]
Jobs = Annotated[int | None, typer.Option("-j", "--jobs", min=1, max=64, help="Cases at a time.")]
Timeout = Annotated[
    float | None, typer.Option(min=0.001, metavar="SECONDS", help="For every case, instead of its own.")
]
WasmOpt = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Binaryen's wasm-opt. Default: $STACKSWITCH_WASM_OPT, PATH, or npm's."),
]
JspiEngine = Annotated[str | None, typer.Option(help=f"The engine for jspi: {ENGINES_OF_TESTS}.")]
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
    Spelling, typer.Option("--spelling", help="Which tool reads a file that has one name per line.")
]
_IMPORTS = "An import that may suspend, * for any characters; repeatable."
Imports = Annotated[list[str] | None, typer.Option(metavar="MODULE.NAME", help=_IMPORTS)]
ImportsOrAsFound = Annotated[
    list[str] | None,
    typer.Option(
        metavar="MODULE.NAME",
        help=f"{_IMPORTS} Default: as the list, the trace or the build says; else all.",
    ),
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
