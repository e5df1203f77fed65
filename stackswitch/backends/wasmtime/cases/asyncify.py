"""The ``asyncify`` backend: Binaryen's builds on wasmtime, in this process.

Each case runs on a thread of its own, with its own event loop and store: a guest that runs on and on keeps
nobody waiting, and the thread's stack is as deep as guests may need, whatever the process has.
"""

from __future__ import annotations

import asyncio
import time
import traceback
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from stackswitch.backends.asyncify_build import make_build
from stackswitch.backends.base import Build, LoadedCase
from stackswitch.binaryen.asyncify import Binaryen, open_binaryen
from stackswitch.binaryen.locate import FoundTool
from stackswitch.models.backend import BackendInfo
from stackswitch.models.case import Case
from stackswitch.models.expect import Expect
from stackswitch.models.result import Observation, StepObservation
from stackswitch.tools.progress import Progress
from stackswitch.wasm.features import used_features
from stackswitch.wasm.module import Module, parse_module
from stackswitch.wasm.names import binaryen_names
from stackswitch.wasm.reporting import instrumented_of

from ..engine import Engine, deadline
from ..errors import is_over
from ..features import supported_features
from ..instance import ScriptError
from .asyncify_session import AsyncifySession, Detect, Prepared
from .outcome import trap_of
from .recorder import Watched
from .script import Script, TimeUpError, drop_tasks
from .thread import CaseThreads, Stop

if TYPE_CHECKING:
    from stackswitch.backends.registry import BackendOptions

NAME = "asyncify"
_GRACE_S = 0.2
"""How long after the deadline the guest may still clean up before it is stopped."""


class AsyncifyBackend:
    """Runs cases on Asyncify builds (see ``backends.base.Backend``). Made by ``open_asyncify``.

    :param detect: how names missing from a list are found: by comparing stacks, or, with ``state``, by
        the protocol alone, as a host has to that cannot see stacks
    """

    def __init__(self, engine: Engine, binaryen: Binaryen, *, detect: Detect = "stack") -> None:
        self._engine = engine
        self._threads = CaseThreads(engine)
        self._binaryen = binaryen
        self._detect: Detect = detect
        self._closed = False
        self._prepared: dict[bytes, Prepared] = {}
        self.info = BackendInfo(
            name=NAME,
            engine="wasmtime",
            engine_version=engine.version,
            features=supported_features(engine),
            details=_tool_details(binaryen.found),
        )

    async def prepare(self, loaded: LoadedCase) -> Build:
        """Make the modules ready.

        :raises ToolError: the pass broke down
        """
        return await make_build(loaded, self._binaryen)

    async def run(self, loaded: LoadedCase, build: Build, *, timeout_s: float) -> Observation:
        """Run the case and tell what was seen."""
        stop = Stop()
        return await self._threads.run(partial(self._run, loaded, build, timeout_s, stop), stop)

    def _run(self, loaded: LoadedCase, build: Build, timeout_s: float, stop: Stop) -> Observation:
        started = time.perf_counter()
        try:
            prepared = {name: self._read(loaded, name, wasm) for name, wasm in build.modules.items()}
        except Exception as error:  # noqa: BLE001 (whatever wasmtime has against the module)
            return Observation(status="error", detail=f"wasmtime refuses the module: {error}")
        late = deadline(timeout_s + _GRACE_S)
        make = partial(
            AsyncifySession,
            self._engine,
            loaded.case,
            prepared,
            detect=self._detect,
            is_over=lambda: stop.is_set() or late(),
        )
        try:
            expected = loaded.case.expectations(self.info)[1]
            observed = asyncio.run(stop.applies_to(_run_case(make, loaded.case, expected, timeout_s)))
        except Exception as error:  # noqa: BLE001 (one case must not end the others)
            text = f"the backend broke down: {''.join(traceback.format_exception(error)[-3:])}"
            return Observation(status="error", detail=text, problems=(text,))
        return observed.model_copy(update={"duration_ms": (time.perf_counter() - started) * 1000})

    def _read(self, loaded: LoadedCase, name: str, wasm: bytes) -> Prepared:
        found = self._prepared.get(wasm)
        if found is not None and found.watched.name == name:
            return found
        module = parse_module(wasm)
        names = binaryen_names(parse_module(loaded.modules[name]))
        watched = Watched(name, names, instrumented_of(module))
        compiled = self._engine.compile(wasm)
        found = self._prepared[wasm] = Prepared(watched, module, compiled, catches=_catches(module))
        return found

    async def aclose(self) -> None:
        """End Binaryen and wasmtime; a second call does nothing."""
        if not self._closed:
            self._closed = True
            self._prepared.clear()
            await self._binaryen.aclose()
            self._threads.close_engine()


async def open_backend(options: BackendOptions, progress: Progress | None = None) -> AsyncifyBackend:
    """Start the backend (see ``backends.registry`` and ``open_asyncify``)."""
    return await open_asyncify(wasm_opt=options.wasm_opt, progress=progress)


async def open_asyncify(
    *, wasm_opt: Path | None = None, progress: Progress | None = None, detect: Detect = "stack"
) -> AsyncifyBackend:
    """Start the backend.

    :param wasm_opt: Binaryen's tool, None to look for it
    :param progress: told what takes long
    :raises BackendUnavailableError: wasmtime-py is missing or is another version than we know
    :raises ToolNotFoundError, DownloadError: Binaryen cannot be had
    """
    engine = Engine()
    try:
        binaryen = await open_binaryen(wasm_opt=wasm_opt, progress=progress)
    except BaseException:
        engine.close()
        raise
    return AsyncifyBackend(engine, binaryen, detect=detect)


def _tool_details(found: FoundTool) -> dict[str, str]:
    """Say which Binaryen instruments, and which were passed over."""
    details = {"wasm-opt": f"{found.version}, {found.path}"}
    if found.passed_over:
        details["passed over"] = "; ".join(found.passed_over)
    return details


async def _run_case(
    make: Callable[[], AsyncifySession], case: Case, expected: Sequence[Expect], timeout_s: float
) -> Observation:
    world = make()
    script = Script(case, world, expected)
    status, detail = "finished", ""
    try:
        try:
            world.make_all()
        except BaseException as error:
            if is_over(error):
                raise TimeUpError(str(error)) from error
            trap = trap_of(error, "func[{}]".format)
            script.seen = [
                StepObservation(step=at, ended="trapped", trap=trap)
                for at, step in enumerate(case.script)
                if step.call or step.finish or step.cancel
            ]
        else:
            await asyncio.wait_for(script.run(), timeout_s)
    except (asyncio.TimeoutError, TimeUpError):
        status = "hung"
    except ScriptError as error:
        status, detail = "error", str(error)
    finally:
        observation = _observation(world, script, status, detail)
        await drop_tasks(_GRACE_S)
        world.close()
    return observation


def _observation(world: AsyncifySession, script: Script, status: str, detail: str) -> Observation:
    wasi = world.wasi
    return Observation.model_validate(
        {
            "status": status,
            "detail": detail,
            "steps": tuple(script.seen),
            "suspensions": world.watch.suspensions(NAME),
            "suspension_count": world.watch.count,
            "log": tuple(world.host.log),
            "stdout": wasi.stdout.decode("utf-8", "replace") if wasi else "",
            "stderr": wasi.stderr.decode("utf-8", "replace") if wasi else "",
            "problems": tuple(world.host.problems),
            "missing": world.watch.missing(),
            "warnings": world.warnings(),
        }
    )


def _catches(module: Module) -> bool:
    """Whether a module knows exceptions."""
    return bool(module.tags) or "exnref" in used_features(module)
