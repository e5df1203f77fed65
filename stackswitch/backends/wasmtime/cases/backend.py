"""The backends ``asyncify`` and ``fiber`` on wasmtime, in this process: cases run, observations returned.

Each case runs on a thread of its own, with its own event loop and store. So a guest that computes without end
delays no other case, and the thread's stack is as deep as guests may need, whatever the process has.
"""

from __future__ import annotations

import asyncio
import time
import traceback
from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import partial
from typing import ClassVar, Literal

from stackswitch.backends.asyncify_build import make_build
from stackswitch.backends.base import Build, LoadedCase
from stackswitch.backends.registry import BackendOptions
from stackswitch.binaryen.asyncify import Binaryen, open_binaryen
from stackswitch.errors import DownloadError, ToolNotFoundError
from stackswitch.models.backend import BackendInfo
from stackswitch.models.case import AsyncifyOptions, Case
from stackswitch.models.result import Observation, StepObservation
from stackswitch.tools.progress import Progress
from stackswitch.wasm.function_names import binaryen_names
from stackswitch.wasm.module import parse_module

from ..asyncify.switcher import AsyncifyStore
from ..engine import WasmtimeEngine
from ..errors import is_over
from ..features import supported_features
from ..fiber.build import make_fiber_build
from ..fiber.engine import FiberEngine
from ..fiber.switcher import FiberStore
from ..instance import ScriptError
from .outcome import TimeUpError, trap_of
from .recorder import CompiledCaseModule
from .script import Script, drop_tasks
from .session import CaseSession
from .thread import CaseThreads, Stop

DEFAULTS = BackendOptions()
Detect = Literal["stack", "state"]
_GRACE_S = 0.2
"""How long after the deadline the guest may still clean up before it is stopped."""
_FIBER_FEATURES = frozenset(
    {
        "call-ref-suspension",
        "catch-suspension",
        "cross-instance",
        "reference-locals",
        "start-suspension",
    }
)


class CaseBackend(ABC):
    """Runs cases (see ``backends.base.Backend``).

    :param binaryen: None: there is none, and what needs it is lacking
    :cvar always_suspendable: whether every function can be suspended, however the module was built
    """

    always_suspendable: ClassVar[bool]

    def __init__(
        self, name: str, engine: WasmtimeEngine, binaryen: Binaryen | None, without: str = ""
    ) -> None:
        features = supported_features(engine)
        details = {"wasm-opt": f"none, so no legacy exceptions: {without}"}
        if binaryen is not None:
            tool = binaryen.found
            details = {"wasm-opt": f"{tool.version}, {tool.path}"}
            if tool.passed_over:
                details["passed over"] = "; ".join(tool.passed_over)
        if self.always_suspendable:
            features |= _FIBER_FEATURES
        if binaryen is None:
            features -= {"legacy-exceptions"}
        self.info = BackendInfo(
            name=name, engine="wasmtime", engine_version=engine.version, features=features, details=details
        )
        self._binaryen = binaryen
        self._engine = engine
        self._threads = CaseThreads(engine)
        self._modules: dict[tuple[str, bytes], CompiledCaseModule] = {}

    @abstractmethod
    async def prepare(self, loaded: LoadedCase) -> Build:
        """Make the modules ready.

        :raises ToolError: Binaryen broke down
        """

    @abstractmethod
    def _open_session(
        self, case: Case, modules: dict[str, CompiledCaseModule], is_over: Callable[[], bool]
    ) -> CaseSession:
        """Open a store for a case."""

    async def run(self, loaded: LoadedCase, build: Build, *, timeout_s: float) -> Observation:
        """Run the case and return what was observed."""
        stop = Stop()
        return await self._threads.run(partial(self._run, loaded, build, timeout_s, stop), stop)

    def _run(self, loaded: LoadedCase, build: Build, timeout_s: float, stop: Stop) -> Observation:
        started = time.perf_counter()
        try:
            modules = {name: self._module(loaded, name, wasm) for name, wasm in build.modules.items()}
        except Exception as error:  # noqa: BLE001 (whatever wasmtime has against the module)
            return Observation(status="error", detail=f"wasmtime refuses the module: {error}")
        ends = time.monotonic() + timeout_s + _GRACE_S
        open_session = partial(
            self._open_session, loaded.case, modules, lambda: stop.is_set() or time.monotonic() > ends
        )
        try:
            observed = asyncio.run(stop.applies_to(self._observe(loaded.case, open_session, timeout_s)))
        except Exception as error:  # noqa: BLE001 (one case must not end the others)
            text = f"the backend broke down: {''.join(traceback.format_exception(error)[-3:])}"
            return Observation(status="error", detail=text, problems=(text,))
        return observed.model_copy(update={"duration_ms": (time.perf_counter() - started) * 1000})

    async def _observe(
        self, case: Case, open_session: Callable[[], CaseSession], timeout_s: float
    ) -> Observation:
        session = open_session()
        script = Script(case, session, case.expectations(self.info)[1])
        status: Literal["finished", "hung", "error"] = "finished"
        detail = ""
        try:
            await asyncio.wait_for(_make_and_run(case, session, script), timeout_s)
        except (asyncio.TimeoutError, TimeUpError):
            status = "hung"
        except ScriptError as error:
            status, detail = "error", str(error)
        finally:
            stdout, stderr = session.output()
            observation = Observation(
                status=status,
                detail=detail,
                steps=tuple(script.steps),
                suspensions=session.recorder.suspensions(self.info.name),
                suspension_count=session.recorder.count,
                log=tuple(session.host.log),
                stdout=stdout,
                stderr=stderr,
                problems=tuple(session.host.problems),
                missing=session.recorder.missing(),
                warnings=session.warnings(),
            )
            await drop_tasks(_GRACE_S)
            session.close()
        return observation

    def _module(self, loaded: LoadedCase, name: str, wasm: bytes) -> CompiledCaseModule:
        found = self._modules.get((name, wasm))
        if found is None:
            plain = parse_module(loaded.modules[name])
            suspendable = range(plain.function_count) if self.always_suspendable else None
            found = CompiledCaseModule(self._engine, wasm, name, binaryen_names(plain), suspendable)
            self._modules[name, wasm] = found
        return found

    async def aclose(self) -> None:
        """End Binaryen and wasmtime; a second call does nothing."""
        self._modules.clear()
        if self._binaryen is not None:
            await self._binaryen.aclose()
        self._threads.close_engine()


class AsyncifyBackend(CaseBackend):
    """Runs cases on Asyncify builds. Made by ``open_asyncify``.

    :param detect: how names missing from a list are found: by comparing stacks, or, with ``state``, by
        the protocol alone, as a host has to that cannot read stacks
    """

    always_suspendable = False

    def __init__(self, engine: WasmtimeEngine, binaryen: Binaryen, *, detect: Detect = "stack") -> None:
        super().__init__("asyncify", engine, binaryen)
        self._instrumenter = binaryen
        self._detect: Detect = detect

    async def prepare(self, loaded: LoadedCase) -> Build:
        """Instrument the modules (see ``CaseBackend``)."""
        return await make_build(loaded, self._instrumenter)

    def _open_session(
        self, case: Case, modules: dict[str, CompiledCaseModule], is_over: Callable[[], bool]
    ) -> CaseSession:
        open_store = partial(AsyncifyStore, self._engine, buffer_bytes=case.asyncify.buffer_bytes)
        stacks = self._detect == "stack"
        return CaseSession(open_store, case, modules, lists=case.asyncify, is_over=is_over, stacks=stacks)


class FiberBackend(CaseBackend):
    """Runs cases on fibers: modules as they are, every frame intact. Made by ``open_fiber``.

    There is no list, so none can lack a name.

    :param binaryen: translates legacy exceptions; None: they are lacking, for the reason ``without``
    """

    always_suspendable = True

    def __init__(self, engine: FiberEngine, binaryen: Binaryen | None, without: str = "") -> None:
        super().__init__("fiber", engine, binaryen, without)
        self._fiber_engine = engine

    async def prepare(self, loaded: LoadedCase) -> Build:
        """Translate legacy exceptions (see ``CaseBackend``)."""
        return await make_fiber_build(loaded, self._binaryen)

    def _open_session(
        self, case: Case, modules: dict[str, CompiledCaseModule], is_over: Callable[[], bool]
    ) -> CaseSession:
        open_store = partial(FiberStore, self._fiber_engine)
        return CaseSession(open_store, case, modules, lists=AsyncifyOptions(), is_over=is_over)


async def open_asyncify(
    options: BackendOptions = DEFAULTS, progress: Progress | None = None, *, detect: Detect = "stack"
) -> AsyncifyBackend:
    """Start the backend ``asyncify`` (see ``backends.registry``).

    :raises BackendUnavailableError: wasmtime-py is missing or is another version than we know
    :raises ToolNotFoundError, DownloadError: Binaryen cannot be had
    """
    engine = WasmtimeEngine()
    try:
        binaryen = await open_binaryen(wasm_opt=options.wasm_opt, progress=progress)
    except BaseException:
        engine.close()
        raise
    return AsyncifyBackend(engine, binaryen, detect=detect)


async def open_fiber(options: BackendOptions = DEFAULTS, progress: Progress | None = None) -> FiberBackend:
    """Start the backend ``fiber`` (see ``backends.registry``); without a Binaryen it lacks legacy exceptions.

    :raises BackendUnavailableError: wasmtime-py, Python or the C library is not as we know it
    :raises ToolNotFoundError: the given tool cannot be used
    """
    engine = FiberEngine()
    try:
        return FiberBackend(engine, await open_binaryen(wasm_opt=options.wasm_opt, progress=progress))
    except BaseException as error:
        if isinstance(error, (ToolNotFoundError, DownloadError)) and options.wasm_opt is None:
            return FiberBackend(engine, None, without=str(error).splitlines()[0])
        engine.close()
        raise


async def _make_and_run(case: Case, session: CaseSession, script: Script) -> None:
    """Make the instances and take the steps; where a start function fails, all calls have failed."""
    try:
        await session.make_all()
    except (Exception, asyncio.CancelledError) as error:
        if isinstance(error, asyncio.CancelledError) or is_over(error):
            raise TimeUpError(str(error)) from error
        trap = trap_of(error, "func[{}]".format)
        script.steps = [
            StepObservation(step=at, ended="trapped", trap=trap)
            for at, step in enumerate(case.script)
            if step.call or step.finish or step.cancel
        ]
    else:
        await script.run()
