"""The two ways of ``fix``: a suite is run, or traces are read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from stackswitch.backends.base import Backend
from stackswitch.backends.registry import BackendOptions, backend_spec, open_backend
from stackswitch.binaryen.asyncify import open_binaryen
from stackswitch.errors import BackendUnavailableError, ConfigError, StackswitchError
from stackswitch.fix.from_traces import Traced, TraceFixer
from stackswitch.fix.guard import Guard
from stackswitch.fix.loop import Fixer
from stackswitch.fix.report import FixReport
from stackswitch.fix.sources import ListSource
from stackswitch.lists.assertions import Assertions
from stackswitch.lists.policies import PolicyName
from stackswitch.models.case import MAIN
from stackswitch.suite.loader import Suite, load_suite
from stackswitch.wasm.asyncified import is_asyncified
from stackswitch.wasm.module import parse_module
from stackswitch.wasm.symbols import read_symbols, with_symbols

from .building import BuildCommand
from .console import Console
from .ending import run_async
from .inputs import read_input, read_module, trace_files
from .options import named_module
from .progress import Progress

Fixed = tuple[Sequence[ListSource], FixReport]
_NO_OBSERVER = (
    "the backend on which stacks are looked at cannot be had; --observe asyncify looks at them on Asyncify"
    " alone, --allow-skip jspi where jspi cannot be had"
)


@dataclass(frozen=True)
class FixAsked:
    """What both ways are asked for.

    :ivar shared: the file of ``--list``
    :ivar policy: None: as ``lists.default_policy`` says
    :ivar build: the build command, run in ``folder``
    :ivar symbols: names for modules that have none
    """

    shared: ListSource | None
    policy: PolicyName | None
    assertions: Assertions
    minimise: bool
    check: bool
    rounds: int
    build: str | None
    folder: Path
    symbols: Path | None


def fix_suite(
    asked: FixAsked,
    suite: Suite,
    options: BackendOptions,
    timeout_s: float | None,
    *,
    observer: bool | None,
    guard: Guard,
) -> Fixed:
    """Run a suite and fix its lists.

    :param observer: whether JSPI must be had to look at stacks; None: it is not asked
    :raises BackendUnavailableError: it must be had, and cannot be
    """

    async def work() -> Fixed:
        backends: list[Backend] = []
        with Progress(Console(stderr=True)) as progress:
            try:
                backends.append(await open_backend("asyncify", _usual(options, "asyncify"), progress.say))
                looking = None
                notes: tuple[str, ...] = ()
                if observer is not None:
                    try:
                        looking = await open_backend("jspi", _usual(options, "jspi"), progress.say)
                        backends.append(looking)
                    except ConfigError:
                        raise
                    except (StackswitchError, OSError) as error:
                        if observer:
                            raise BackendUnavailableError(f"{_NO_OBSERVER}\n  jspi: {error}") from None
                        notes = (f"jspi was skipped, stacks were looked at on asyncify: {error}",)
                        progress.say(notes[0])
                command = None
                if asked.build is not None and not asked.check:
                    command = BuildCommand(asked.build, asked.folder, guard, progress.say)

                async def rebuild(sources: Sequence[ListSource]) -> Suite:
                    assert command is not None
                    await command.run(sources)
                    again = load_suite(suite.folder)
                    kept = tuple(each for each in again.cases if each.case.id in suite.files)
                    return _named(again.model_copy(update={"cases": kept}), asked.symbols)

                fixer = Fixer(
                    _named(suite, asked.symbols),
                    asked.shared,
                    backends[0],
                    looking,
                    policy=asked.policy,
                    assertions=asked.assertions,
                    minimise=asked.minimise,
                    rebuild=rebuild if command is not None else None,
                    jobs=options.jobs,
                    timeout_s=timeout_s,
                    on_result=progress.result,
                    on_more=progress.expect,
                    say=progress.say,
                )
                report = await (fixer.check() if asked.check else fixer.fix(asked.rounds))
                if command is not None:
                    report = report.model_copy(update={"build": command.command})
                report = report.model_copy(update={"notes": (*notes, *report.notes)})
                return fixer.sources, report
            finally:
                for each in backends:
                    await each.aclose()

    return run_async(work())


def _usual(options: BackendOptions, name: str) -> BackendOptions:
    """Return what opens a backend: an engine is for those that it is the usual one of."""
    engine = backend_spec(name).engine_meant(options.engine, named=False)
    return options.model_copy(update={"engine": engine})


def _named(suite: Suite, symbols: Path | None) -> Suite:
    """Give the modules that have no names those of a symbol file.

    :raises ConfigError: it is none, is of another build, or every module has names
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
    asked: FixAsked,
    traces: Sequence[Path],
    module_files: Sequence[Path],
    sources: Sequence[ListSource],
    built: Path | None,
    wasm_opt: Path | None,
    guard: Guard,
) -> Fixed:
    """Draw lists from traces, and hold builds against them.

    :param sources: the files with lists: one for all modules, or one for each in their order
    :raises ConfigError: there is no file with a list; a trace is none, or of another module
    """
    if not sources:
        raise ConfigError("say with --list FILE where the list lives that the traces are to fix")
    if asked.build is not None and built is None and not asked.check:
        raise ConfigError("say with --built FILE (or [fix] built) which module the build command makes")
    modules = _traced(module_files, len(sources), asked)
    fixer = TraceFixer(
        sources,
        modules,
        {str(path): read_input(path, "trace") for path in trace_files(traces)},
        policy=asked.policy,
        assertions=asked.assertions,
        minimise=asked.minimise,
    )

    async def work() -> FixReport:
        with Progress(Console(stderr=True)) as progress:
            if fixer.draw() and asked.check:
                return fixer.falls_short()
            if asked.build is not None and built is not None and not asked.check:
                await BuildCommand(asked.build, asked.folder, guard, progress.say).run(fixer.sources)
                report = fixer.prove({0: read_module(built)}, str(built))
                return report.model_copy(update={"build": asked.build})
            if not fixer.waiting:
                return fixer.prove({})
            binaryen = await open_binaryen(wasm_opt=wasm_opt, progress=progress.say)
            try:
                builds = {}
                for at in fixer.waiting:
                    progress.say(f"instrumenting {modules[at].path} with the lists")
                    builds[at] = await fixer.build(binaryen, at)
                return fixer.prove(builds)
            finally:
                await binaryen.aclose()

    report = run_async(work())
    return fixer.sources, report


def _traced(files: Sequence[Path], sources: int, asked: FixAsked) -> list[Traced]:
    """Read the modules, and say in which file the list of each lives.

    :raises ConfigError: there are neither one list nor as many as modules; something is for one module alone
    """
    if sources not in (1, len(files)):
        raise ConfigError(
            f"{sources} files with --list, and {len(files)} modules with --module: give one list for all, or "
            "one for each module, in their order"
        )
    several = len(files) > 1
    for value, name in ((asked.build, "--build"), (asked.symbols, "--symbols")):
        if several and value is not None:
            raise ConfigError(f"{name} is for one module: fix one at a time")
    modules = []
    for at, file in enumerate(files):
        module = read_module(file)
        if is_asyncified(module):
            raise ConfigError(f"{file}: is an Asyncify build: give the module as it was before Asyncify")
        named = named_module(module, asked.symbols)
        if several and sources == 1 and not named.function_name_entries:
            raise ConfigError(
                f"{file}: has no names, and a list for several modules cannot name its functions by number: "
                "give each module a list of its own"
            )
        modules.append(Traced(str(file), module, at if sources > 1 else 0, named.data))
    return modules
