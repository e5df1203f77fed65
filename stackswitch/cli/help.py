"""Help pages and usage errors: wrapped between words on a terminal, and not wrapped elsewhere."""

from __future__ import annotations

import sys
from typing import Any

import typer

from stackswitch.reports.escape import terminal

from .console import Console, wrapped

_UNWRAPPED = 100_000
_WIDEST = 100
UsageError: Any = typer.BadParameter.__bases__[0]
ClickException: Any = UsageError.__bases__[0]


def use_formatter(command: Any) -> None:
    """Have a command and its subcommands lay out their help with our formatter."""
    context = type(command).context_class
    base = context.formatter_class

    class Formatter(base):  # type: ignore[misc, valid-type]
        def __init__(self, *_: object, **__: object) -> None:
            super().__init__(width=_UNWRAPPED, max_width=_UNWRAPPED)

        def getvalue(self) -> str:
            text = terminal(super().getvalue())
            if sys.stdout is None or not sys.stdout.isatty():
                return text
            width = min(Console().rich.width, _WIDEST)
            return "\n".join(piece for line in text.split("\n") for piece in wrapped(line, width))

    context.formatter_class = Formatter


def show_usage_error(error: Any) -> None:
    """Print what was wrong with the call, in one line."""
    console = Console(stderr=True)
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "stackswitch"
    if type(error).__name__ == "NoArgsIsHelpError":
        console.block(error.format_message())
        return
    # typer prefixes what pydantic says of a value; the choices follow.
    message = error.format_message().replace("Value error, ", "", 1)
    console.print(f"{path}: {message} (try '{path} --help')")
