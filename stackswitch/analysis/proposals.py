"""Whether ``stackswitch reentrant`` accepts a module, as found by trying it, and the command for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from shlex import join

from stackswitch.errors import ConfigError, ModuleRefusedError, WasmFormatError
from stackswitch.lists.emscripten_imports import is_invoke
from stackswitch.lists.glue import read_glue
from stackswitch.models.expect import ListName
from stackswitch.models.readiness import Proposal
from stackswitch.models.trace import Suspension
from stackswitch.transform.reentrant import ReentrantRequest, make_reentrant
from stackswitch.wasm.module import Module

from .boundaries import Boundaries

_MOST_NAMED = 12
"""Imports that a command names one by one; of more, it says ``--all-imports``."""


@dataclass(frozen=True)
class ModuleFiles:
    """The files that say where calls of a module begin and wait; paths are as the command names them.

    :ivar glue: path and text of its glue
    :ivar lists: what is in the file of lists, and the options that read it
    :ivar stacks: what traces show of the module, and the traces' paths
    :ivar imports: those that may suspend (full names), if something else says so
    """

    module: str
    glue: tuple[str, str] | None = None
    lists: tuple[Mapping[ListName, tuple[str, ...]], Sequence[str]] = ({}, ())
    stacks: tuple[Sequence[Suspension], Sequence[str]] = ((), ())
    imports: Sequence[str] = ()


def replaceable_invokes(module: Module, glue: str | None = None) -> tuple[str, ...]:
    """Return the imports (full names) that are Emscripten's ``invoke_*``.

    :param glue: the text of its glue, which says what minified names stand for
    """
    names = {} if glue is None else read_glue(glue).names
    return tuple(
        each.full_name
        for each in module.function_imports()
        if is_invoke(each.full_name) or is_invoke(f"{each.module}.{names.get(each.name, '')}")
    )


def propose(module: Module, files: ModuleFiles) -> Proposal:
    """Return the command that makes a module re-entrant, or why there is none."""
    try:
        found, argv = _boundaries(module, files)
    except (ConfigError, WasmFormatError) as error:
        return Proposal(module=files.module, refused=str(error), invokes_refused=str(error))
    output = ["-o", f"{files.module.removesuffix('.wasm')}.reentrant.wasm"]
    why = ""
    if replaceable_invokes(module, files.glue[1] if files.glue else None):
        why, options = _refused(module, found, invokes=True)
        if not why:
            command = join([*argv, *options, "--invokes", *output])
            return Proposal(module=files.module, command=command, invokes=True)
    refused, options = _refused(module, found, invokes=False)
    command = "" if refused else join([*argv, *options, *output])
    return Proposal(module=files.module, command=command, refused=refused, invokes_refused=why)


def _boundaries(module: Module, files: ModuleFiles) -> tuple[Boundaries, list[str]]:
    """Return where calls begin and wait, by all files that say so, and the command that reads these."""
    found = Boundaries(module)
    argv = ["stackswitch", "reentrant", files.module]
    if files.glue is not None and read_glue(files.glue[1]).is_jspi:
        path, text = files.glue
        found.add_glue(text, path)
        argv += ["--glue", path]
    lists, options = files.lists
    if lists.keys() & {"JSPI_IMPORTS", "JSPI_EXPORTS"}:
        found.add_lists(lists, "the list")
        argv += options
    stacks, paths = files.stacks
    if paths and stacks:
        found.add_stacks(stacks, "the traces")
        argv += [word for path in paths for word in ("--trace", path)]
    if not found.suspend:
        if files.imports and len(files.imports) <= _MOST_NAMED:
            found.add_patterns(files.imports, ())
            argv += [word for each in files.imports for word in ("--suspend", each)]
        else:
            found.add_every_import()
            argv.append("--all-imports")
    found.complete()
    return found, argv


def _refused(module: Module, found: Boundaries, *, invokes: bool) -> tuple[str, list[str]]:
    """Return why the transform refuses a module (empty: it does not), and the options that it needs."""
    request = ReentrantRequest(
        wasm=module.data,
        suspend=tuple(sorted(found.suspend | found.addresses)),
        promise=tuple(sorted(found.promise)),
        invokes=invokes,
        invoke_names=found.import_names,
    )
    try:
        make_reentrant(request)
    except ModuleRefusedError as error:
        if error.reason == "dynamic-linking" and not invokes:
            try:
                make_reentrant(request.model_copy(update={"main_module": True}))
            except (ModuleRefusedError, ConfigError):
                return str(error), []
            return "", ["--main-module"]
        return str(error), []
    except (ConfigError, WasmFormatError) as error:
        return str(error), []
    return "", []
