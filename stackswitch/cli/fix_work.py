"""What ``fix`` gets stacks from and verifies lists on: a suite of cases or of commands, or traces."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass
from pathlib import Path

import typer

from stackswitch.backends.base import Backend, CommandBackend
from stackswitch.backends.registry import (
    BackendOptions,
    CommandOptions,
    backend_spec,
    check_engine,
    open_backend,
    open_command_backend,
    open_instrumented_backend,
)
from stackswitch.binaryen.asyncify import AsyncifyRequest, open_binaryen
from stackswitch.errors import BackendUnavailableError, ConfigError, StackswitchError
from stackswitch.fix.command_evidence import CommandEvidence, RecordedTraces
from stackswitch.fix.evidence import EvidenceOptions, EvidenceSource, FixRequest
from stackswitch.fix.file_restore import FileRestorer
from stackswitch.fix.loop import FixResult, fix_lists
from stackswitch.fix.sources import ListSource
from stackswitch.fix.suite_evidence import SuiteEvidence
from stackswitch.fix.trace_evidence import NamedBuild, TargetModule, TraceEvidence
from stackswitch.lists.assertions import Assertions
from stackswitch.models.case import MAIN
from stackswitch.suite.loader import Suite, load_suite
from stackswitch.suite.services import RunningServices, running
from stackswitch.wasm.asyncified import is_asyncified
from stackswitch.wasm.module import parse_module
from stackswitch.wasm.symbols import read_symbols, with_symbols

from .building import BuildCommand
from .console import Console
from .fix_options import FixOptions
from .inputs import read_input, read_module, read_traces
from .progress import Progress
from .resolve import backend_options, engine_for, named_module, uses_of
from .settings import Settings, config_folder
from .signals import run_async

_NO_OBSERVER = (
    "the backend on which stacks are observed is not available; --observe asyncify observes them on Asyncify"
    " alone, --allow-skip jspi where jspi is not available"
)
_Open = Callable[[AsyncExitStack, Progress], Awaitable[EvidenceSource]]
"""Opens evidence; what it opens is closed with the stack."""


@dataclass(frozen=True)
class FixInputs:
    """What ``fix`` works with.

    :ivar lists: the files of ``--list``, or the configured one
    :ivar allowed: the backends that may be skipped
    :ivar restorer: restores the files unless all ends well
    :ivar data_only: whether the suite may start no program
    """

    options: FixOptions
    settings: Settings
    lists: list[ListSource]
    allowed: frozenset[str]
    restorer: FileRestorer
    data_only: bool

    @property
    def build(self) -> str | None:
        """The user's build command."""
        return self.options.build or self.settings.fix.build

    @property
    def timeout_s(self) -> float | None:
        """The longest any case may take; None: as each case says."""
        return self.options.timeout or self.settings.timeout_s

    def build_command(self, progress: Progress) -> BuildCommand | None:
        """Return what builds with new lists; None: nothing is to be built."""
        if self.build is None or self.options.check:
            return None
        folder = Path.cwd() if self.options.build else config_folder(Path.cwd()) or Path.cwd()
        return BuildCommand(self.build, folder, self.restorer, progress.say)


def fix_lists_of(inputs: FixInputs, folder: Path | None) -> FixResult:
    """Compute lists and verify them.

    :param folder: the suite; None: only traces are read
    :raises typer.BadParameter: the options do not go together
    """
    options, settings = inputs.options, inputs.settings
    evidence_of = _from_traces(inputs) if folder is None else _from_suite(inputs, folder)
    assertions = Assertions(settings.lists.never, settings.lists.always)
    request = FixRequest(
        options.policy, assertions, options.minimize, options.check, options.rounds, inputs.build
    )

    async def work() -> FixResult:
        async with AsyncExitStack() as opened:
            progress = opened.enter_context(Progress(Console(stderr=True)))
            return await fix_lists(await evidence_of(opened, progress), request, progress.say)

    return run_async(work())


def _from_suite(inputs: FixInputs, folder: Path) -> _Open:
    """Return what opens a suite: of commands, or of cases that call exports."""
    options, settings = inputs.options, inputs.settings
    if len(inputs.lists) > 1:
        raise typer.BadParameter("a suite has one shared list: give one file", param_hint="--list")
    suite = load_suite(folder, tuple(options.case_globs or ()), data_only=inputs.data_only)
    backends = ("asyncify",) if options.observe == "asyncify" else ("asyncify", "jspi")
    engine = engine_for(options.engine, settings, backends, uses=uses_of(suite))
    opening = backend_options(settings, engine=engine, jobs=options.jobs, wasm_opt=options.wasm_opt)
    if suite.commands:
        return _from_commands(inputs, suite, opening)
    if options.trace:
        what = "a suite of cases that call exports is run, or traces are read: not both"
        raise typer.BadParameter(what, param_hint="--trace")
    return _from_cases(inputs, suite, opening)


def _from_cases(inputs: FixInputs, suite: Suite, opening: BackendOptions) -> _Open:
    """Return what opens the backends on which cases run.

    It raises ``BackendUnavailableError`` where JSPI must be there to observe stacks, and is not.
    """
    symbols = inputs.options.symbols

    async def open_evidence(opened: AsyncExitStack, progress: Progress) -> SuiteEvidence:
        async def open_one(name: str) -> Backend:
            # An engine is for the backends that usually run on it.
            engine = backend_spec(name).engine_meant(opening.engine, named=False)
            options = opening.model_copy(update={"engine": engine})
            backend = await open_backend(name, options, progress.say)
            opened.push_async_callback(backend.aclose)
            return backend

        asyncify, jspi = await open_one("asyncify"), None
        notes: list[str] = []
        try:
            jspi = await open_one("jspi") if inputs.options.observe != "asyncify" else None
        except ConfigError:
            raise
        except (StackswitchError, OSError) as error:
            if inputs.options.observe == "jspi" or "jspi" not in inputs.allowed:
                raise BackendUnavailableError(f"{_NO_OBSERVER}\n  jspi: {error}") from None
            notes.append(f"jspi was skipped, stacks were observed on asyncify: {error}")
            progress.say(notes[0])
        command = inputs.build_command(progress)

        async def rebuild(sources: Sequence[ListSource]) -> Suite:
            assert command is not None
            await command.run(sources)
            again = load_suite(suite.folder)
            cases = tuple(each for each in again.cases if each.case.id in suite.files)
            return _named(again.model_copy(update={"cases": cases}), symbols)

        evidence = SuiteEvidence(
            _named(suite, symbols),
            inputs.lists[0] if inputs.lists else None,
            asyncify,
            jspi,
            rebuild=rebuild if command is not None else None,
            options=_evidence_options(inputs, opening, progress),
        )
        evidence.notes += notes
        return evidence

    return open_evidence


def _evidence_options(inputs: FixInputs, opening: BackendOptions, progress: Progress) -> EvidenceOptions:
    return EvidenceOptions(opening.jobs, inputs.timeout_s, progress.result, progress.expect, progress.say)


def _named(suite: Suite, symbols: Path | None) -> Suite:
    """Give the modules that have no names those of a symbol file."""
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


def _from_commands(inputs: FixInputs, suite: Suite, opening: BackendOptions) -> _Open:
    """Return what opens JSPI, where commands show their stacks, and what verifies lists on builds of ours."""
    options = inputs.options
    traces = _recorded(options, suite) if options.trace else None
    if not inputs.lists:
        raise ConfigError("commands have no lists of their own: say --list FILE")
    if suite.cases:
        raise ConfigError(
            f"{suite.folder}: has commands ({suite.commands[0].case.id}, …) and cases that call exports"
            f" ({suite.cases[0].case.id}, …): fix one kind at a time, with -k"
        )
    for value, name in ((inputs.build, "--build"), (options.symbols, "--symbols")):
        if value is not None:
            raise ConfigError(f"{name} does not go with commands: their builds are made by stackswitch")

    def options_of(name: str) -> CommandOptions:
        settings = suite.file.settings(name)
        # --engine says where JSPI runs, and the suite where the build is verified.
        first, second = opening.engine, settings.engine
        if name != "jspi":
            first, second = second, first
        engine = first if first is not None else second
        if engine is not None:
            check_engine(engine, [name], uses=("commands",))
        return CommandOptions(**{**dict(opening), "engine": engine}, settings=settings)

    async def open_evidence(opened: AsyncExitStack, progress: Progress) -> CommandEvidence:
        origin: CommandBackend | RecordedTraces
        if traces is None:
            origin = await open_command_backend("jspi", options_of("jspi"), progress.say)
            opened.push_async_callback(origin.aclose)
        else:
            origin = traces
        asyncify = await open_instrumented_backend(options_of("asyncify"), progress.say)
        opened.push_async_callback(asyncify.aclose)
        services = asyncio.ensure_future(
            opened.enter_async_context(running(suite.file.services, suite.folder))
        )
        opened.push_async_callback(_end_start, services)
        run = _evidence_options(inputs, opening, progress)
        return CommandEvidence(suite, inputs.lists[0], origin, asyncify, services, options.prove, run)

    return open_evidence


async def _end_start(starting: asyncio.Future[RunningServices]) -> None:
    """End a start that nothing has waited for."""
    starting.cancel()
    await asyncio.gather(starting, return_exceptions=True)


def _recorded(options: FixOptions, suite: Suite) -> RecordedTraces:
    """Read traces that ``test --traces`` has written: a folder of them, or files that have a case's name."""
    found = dict(read_traces(options.trace or ()))
    known = {case: lines for case, lines in found.items() if case in suite.ids}
    if not known:
        raise ConfigError(
            f"--trace: no trace is of a case of {suite.folder} (there are: {', '.join([*found][:3])}); give"
            " the folder in which `test --traces` wrote those of jspi"
        )
    return RecordedTraces(known, tuple(read_module(each).data for each in options.modules or ()))


def _from_traces(inputs: FixInputs) -> _Open:
    """Return what compares builds with traces."""
    options = inputs.options
    built = options.built or inputs.settings.fix.built
    if not inputs.lists:
        raise ConfigError("say with --list FILE where the list lives that the traces are to fix")
    if inputs.build is not None and built is None and not options.check:
        raise ConfigError("say with --built FILE (or [fix] built) which module the build command makes")
    modules = _targets(inputs)
    files = [file for _, file in read_traces(options.trace or ())]
    wasm_opt = options.wasm_opt or inputs.settings.wasm_opt

    async def open_evidence(_: AsyncExitStack, progress: Progress) -> TraceEvidence:
        command = inputs.build_command(progress)

        async def make_builds(
            sources: Sequence[ListSource], requests: Mapping[int, AsyncifyRequest]
        ) -> dict[int, NamedBuild]:
            if command is not None and built is not None:
                await command.run(sources)
                return {0: NamedBuild(str(built), read_module(built))}
            if not requests:
                return {}
            builds = {}
            async with aclosing(await open_binaryen(wasm_opt=wasm_opt, progress=progress.say)) as binaryen:
                for at, request in requests.items():
                    path = modules[at].path
                    progress.say(f"instrumenting {path} with the lists")
                    build = parse_module((await binaryen.asyncify(request)).wasm)
                    builds[at] = NamedBuild(f"the build of {path} with these lists", build)
            return builds

        return TraceEvidence(inputs.lists, modules, files, make_builds)

    return open_evidence


def _targets(inputs: FixInputs) -> list[TargetModule]:
    """Read the modules, and say in which file the list of each lives."""
    files, sources = inputs.options.modules or [], len(inputs.lists)
    if sources not in (1, len(files)):
        raise ConfigError(
            f"{sources} files with --list, and {len(files)} modules with --module: give one list for all, or "
            "one for each module, in their order"
        )
    several = len(files) > 1
    for value, name in ((inputs.build, "--build"), (inputs.options.symbols, "--symbols")):
        if several and value is not None:
            raise ConfigError(f"{name} is for one module: fix one at a time")
    modules = []
    for at, file in enumerate(files):
        module = read_module(file)
        if is_asyncified(module):
            raise ConfigError(f"{file}: is an Asyncify build: give the module as it was before Asyncify")
        named = named_module(module, inputs.options.symbols)
        if several and sources == 1 and not named.function_name_entries:
            raise ConfigError(
                f"{file}: has no names, and a list for several modules cannot name its functions by number: "
                "give each module a list of its own"
            )
        modules.append(TargetModule(str(file), module, at if sources > 1 else 0, named.data))
    return modules
