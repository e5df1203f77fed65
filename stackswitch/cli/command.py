"""A command: a frozen dataclass that declares its arguments and options, and a function that takes it."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import fields
from typing import Annotated, Any, get_args, get_type_hints

EXIT_FAILED = 1
"""A case is not as expected, a list needs fixing, or a requested check does not hold."""
DECLARED = "declared"
"""In the metadata of a field of an options class: what typer takes for it."""


def command(work: Callable[[Any], None]) -> Callable[..., None]:
    """Return the function that typer makes a command of.

    :param work: what the command does. It takes ``options``, a frozen dataclass: each field is an argument or
        an option, declared by a function of ``options`` or annotated as for typer. The docstring is the help
        text.
    """
    options = get_type_hints(work)["options"]

    def run(**values: Any) -> None:
        work(options(**values))

    hints = get_type_hints(options, include_extras=True)
    for each in fields(options):
        if DECLARED in each.metadata:
            hints[each.name] = Annotated[hints[each.name], each.metadata[DECLARED]]
    for name, hint in hints.items():
        kind, declared, *_ = get_args(hint)
        if kind is bool and declared.default is ...:  # it has no name yet, and typer would add --no-NAME
            declared.param_decls = (f"--{name.replace('_', '-')}",)
    run.__doc__ = options.__doc__
    run.__annotations__ = hints
    parameters = inspect.signature(options).parameters.values()
    run.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [each.replace(annotation=hints[each.name]) for each in parameters]
    )
    return run
