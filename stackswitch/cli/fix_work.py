"""The ways of ``fix``: a suite of cases is run, or traces are read (commands: ``fix_commands``)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass
from pathlib import Path

from stackswitch.backends.base import Backend
from stackswitch.backends.registry import BackendOptions, backend_spec, open_backend
from stackswitch.binaryen.asyncify import AsyncifyRequest, open_binaryen
from stackswitch.errors import BackendUnavailableError, ConfigError, StackswitchError
from stackswitch.fix.evidence import FixRequest, RunOptions
from stackswitch.fix.guard import Guard
from stackswitch.fix.loop import Fixed, fix_lists
from stackswitch.fix.sources import ListSource
from stackswitch.fix.suite_evidence import SuiteEvidence
from stackswitch.fix.trace_evidence import NamedBuild, TargetModule, TraceEvidence
from stackswitch.models.case import MAIN
from stackswitch.suite.loader import Suite, load_suite
from stackswitch.wasm.asyncified import is_asyncified
from stackswitch.wasm.module import parse_module
from stackswitch.wasm.symbols import read_symbols, with_symbols

from .building import BuildCommand
from .console import Console
from .ending import run_async
from .inputs import read_input, read_module, read_traces
from .progress import Progress
from .resolve import named_module

_NO_OBSERVER = (
    "the backend on which stacks are observed is not available; --observe asyncify observes them on Asyncify"
    " alone, --allow-skip jspi where jspi is not available"
)


@dataclass(frozen=True)
class FixInputs:
    """What every way of ``fix`` is given.

    :ivar request: how lists are computed and verified
    :ivar shared: the file of ``--list``
    :ivar build: the build command, run in ``folder``
    :ivar symbols: names for modules that have none
    """

    request: FixRequest
    shared: ListSource | None
    build: str | None
    folder: Path
    symbols: Path | None

    def build_command(self, guard: Guard, progress: Progress) -> BuildCommand | None:
        """Return what builds with new lists; None: nothing is to be built."""
        if self.build is None or self.request.check:
            return None
        return BuildCommand(self.build, self.folder, guard, progress.say)


def fix_suite(
    inputs: FixInputs,
    suite: Suite,
    options: BackendOptions,
    timeout_s: float | None,
    *,
    observer: bool | None,
    guard: Guard,
) -> Fixed:
    """Run a suite and fix its lists.

    :param observer: whether JSPI must be there to observe stacks; None: it is not used
    :raises BackendUnavailableError: it must be there, and is not
    """

    async def work() -> Fixed:
        async with AsyncExitStack() as opened:
            progress = opened.enter_context(Progress(Console(stderr=True)))

            async def open_one(name: str) -> Backend:
                backend = await open_backend(name, _usual(options, name), progress.say)
                opened.push_async_callback(backend.aclose)
                return backend

            asyncify, jspi = await open_one("asyncify"), None
            notes: list[str] = []
            try:
                jspi = await open_one("jspi") if observer is not None else None
            except ConfigError:
                raise
            except (StackswitchError, OSError) as error:
                if observer:
                    raise BackendUnavailableError(f"{_NO_OBSERVER}\n  jspi: {error}") from None
                notes.append(f"jspi was skipped, stacks were observed on asyncify: {error}")
                progress.say(notes[0])
            command = inputs.build_command(guard, progress)

            async def rebuild(sources: Sequence[ListSource]) -> Suite:
                assert command is not None
                await command.run(sources)
                again = load_suite(suite.folder)
                cases = tuple(each for each in again.cases if each.case.id in suite.files)
                return _named(again.model_copy(update={"cases": cases}), inputs.symbols)

            evidence = SuiteEvidence(
                _named(suite, inputs.symbols),
                inputs.shared,
                asyncify,
                jspi,
                rebuild=rebuild if command is not None else None,
                options=RunOptions(options.jobs, timeout_s, progress.result, progress.expect, progress.say),
            )
            evidence.notes += notes
            fixed = await fix_lists(evidence, inputs.request, progress.say)
            return fixed if command is None else fixed.built_by(command.command)

    return run_async(work())


def _usual(options: BackendOptions, name: str) -> BackendOptions:
    """Return what opens a backend: an engine is for the backends that usually run on it."""
    engine = backend_spec(name).engine_meant(options.engine, named=False)
    return options.model_copy(update={"engine": engine})


def _named(suite: Suite, symbols: Path | None) -> Suite:
    """Give the modules that have no names those of a symbol file.

    :raises ConfigError: the file is no symbol file or is of another build, or every module has names
    """
    if symbols is None:
        return suite
    names = read_symbols(read_input(symbols, "symbol file"), str(symbols))
    made: dict[bytes, bytes] = {}
    cases = []
    for each in suite.cases:
        if not each.problem and not (module := parse_module(each.main)).function_name_entries:
            if each.main not in made:
                made[each.main] = with_symbols(module, names, str(symbols))
            each = each.model_copy(update={"modules": {**each.modules, MAIN: made[each.main]}})
        cases.append(each)
    if not made:
        raise ConfigError(f"--symbols {symbols}: all modules of the suite have names of their own")
    return suite.model_copy(update={"cases": tuple(cases)})


def fix_from_traces(
    inputs: FixInputs,
    traces: Sequence[Path],
    module_files: Sequence[Path],
    sources: Sequence[ListSource],
    built: Path | None,
    wasm_opt: Path | None,
    guard: Guard,
) -> Fixed:
    """Compute lists from traces, and compare builds with them.

    :param sources: the files with lists: one for all modules, or one for each in their order
    :raises ConfigError: there is no file with a list; a file is no trace, or a trace is of another module
    """
    if not sources:
        raise ConfigError("say with --list FILE where the list lives that the traces are to fix")
    if inputs.build is not None and built is None and not inputs.request.check:
        raise ConfigError("say with --built FILE (or [fix] built) which module the build command makes")
    modules = _targets(module_files, len(sources), inputs)
    files = [file for _, file in read_traces(traces)]

    async def work() -> Fixed:
        with Progress(Console(stderr=True)) as progress:
            command = inputs.build_command(guard, progress)

            async def make_builds(
                sources: Sequence[ListSource], requests: Mapping[int, AsyncifyRequest]
            ) -> dict[int, NamedBuild]:
                if command is not None and built is not None:
                    await command.run(sources)
                    return {0: NamedBuild(str(built), read_module(built))}
                if not requests:
                    return {}
                builds = {}
                async with aclosing(
                    await open_binaryen(wasm_opt=wasm_opt, progress=progress.say)
                ) as binaryen:
                    for at, request in requests.items():
                        path = modules[at].path
                        progress.say(f"instrumenting {path} with the lists")
                        build = parse_module((await binaryen.asyncify(request)).wasm)
                        builds[at] = NamedBuild(f"the build of {path} with these lists", build)
                return builds

            evidence = TraceEvidence(sources, modules, files, make_builds)
            fixed = await fix_lists(evidence, inputs.request, progress.say)
            return fixed if command is None else fixed.built_by(command.command)

    return run_async(work())


def _targets(files: Sequence[Path], sources: int, inputs: FixInputs) -> list[TargetModule]:
    """Read the modules, and say in which file the list of each lives.

    :raises ConfigError: there are neither one list nor as many as modules; something is for one module alone
    """
    if sources not in (1, len(files)):
        raise ConfigError(
            f"{sources} files with --list, and {len(files)} modules with --module: give one list for all, or "
            "one for each module, in their order"
        )
    several = len(files) > 1
    for value, name in ((inputs.build, "--build"), (inputs.symbols, "--symbols")):
        if several and value is not None:
            raise ConfigError(f"{name} is for one module: fix one at a time")
    modules = []
    for at, file in enumerate(files):
        module = read_module(file)
        if is_asyncified(module):
            raise ConfigError(f"{file}: is an Asyncify build: give the module as it was before Asyncify")
        named = named_module(module, inputs.symbols)
        if several and sources == 1 and not named.function_name_entries:
            raise ConfigError(
                f"{file}: has no names, and a list for several modules cannot name its functions by number: "
                "give each module a list of its own"
            )
        modules.append(TargetModule(str(file), module, at if sources > 1 else 0, named.data))
    return modules
