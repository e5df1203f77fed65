"""A case's modules made ready: what is instrumented, and what cannot be run, found by looking at them."""

from __future__ import annotations

from stackswitch.backends.base import Build, LoadedCase
from stackswitch.binaryen.asyncify import AsyncifyRequest, Binaryen
from stackswitch.errors import ConfigError, ToolError
from stackswitch.models.case import MAIN, Case
from stackswitch.wasm.module import Module, parse_module

from .ownmemory import with_own_memory


async def make_build(loaded: LoadedCase, binaryen: Binaryen) -> Build:
    """Instrument the modules that import something that waits.

    :raises ToolError: the tool broke down
    """
    modules: dict[str, bytes] = {}
    warnings: list[str] = []
    for name, data in loaded.modules.items():
        try:
            built, said = await _instrument(loaded.case, name, parse_module(data), binaryen)
        except (ConfigError, ToolError) as error:
            return Build(modules={}, error=str(error))
        modules[name] = built
        warnings += said
    return Build(modules=modules, warnings=tuple(warnings))


async def _instrument(case: Case, name: str, module: Module, binaryen: Binaryen) -> tuple[bytes, list[str]]:
    options = case.asyncify
    if options.prebuilt:
        return module.data, []
    imports = options.imports if options.imports is not None else case.waiting_imports
    present = {f"{each.module}.{each.name}" for each in module.imports if each.kind == "func"}
    if not present & set(case.waiting_imports):
        return module.data, []
    main = name == MAIN
    result = await binaryen.asyncify(
        AsyncifyRequest(
            wasm=with_own_memory(module),
            imports=imports,
            only=options.only if main else None,
            add=options.add if main else None,
            remove=options.remove if main else None,
            ignore_indirect=options.ignore_indirect,
            asserts=options.asserts,
            emit_exnref=bool(module.tags),
            memory="stackswitch.saved_stacks",
        )
    )
    return result.wasm, list(result.warnings)
