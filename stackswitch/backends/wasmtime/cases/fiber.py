"""The ``fiber`` backend: modules as they are on wasmtime's own stacks, in this process.

There is no list, so none can lack a name: what a case does here is what it does with every frame intact.
"""

from __future__ import annotations

import asyncio
import time
import traceback
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stackswitch.backends.base import Build, LoadedCase
from stackswitch.binaryen.asyncify import Binaryen, open_binaryen
from stackswitch.errors import DownloadError, ToolNotFoundError
from stackswitch.models.backend import BackendInfo
from stackswitch.models.case import Case
from stackswitch.models.expect import Expect
from stackswitch.models.result import Observation, StepObservation
from stackswitch.tools.progress import Progress
from stackswitch.wasm.features import used_features
from stackswitch.wasm.module import parse_module
from stackswitch.wasm.names import binaryen_names

from ..engine import deadline
from ..errors import is_over
from ..features import supported_features
from ..fiber.build import Builder
from ..fiber.engine import FiberEngine
from ..instance import ScriptError
from .fiber_session import FiberSession, Prepared
from .outcome import trap_of
from .recorder import Watched
from .script import Script, TimeUpError
from .thread import CaseThreads, Stop

if TYPE_CHECKING:
    from stackswitch.backends.registry import BackendOptions

NAME = "fiber"
_GRACE_S = 0.2
"""How long after the deadline the guest may still clean up before it is stopped."""
_OWN_FEATURES = frozenset(
    {
        "call-ref-suspension",
        "catch-suspension",
        "cross-instance",
        "reference-locals",
        "start-suspension",
    }
)


class FiberBackend:
    """Runs cases on fibers (see ``backends.base.Backend``). Made by ``open_fiber``.

    :param binaryen: translates legacy exceptions; None: they are lacking, for the reason ``without``
    """

    def __init__(self, engine: FiberEngine, binaryen: Binaryen | None, without: str = "") -> None:
        self._engine = engine
        self._threads = CaseThreads(engine)
        self._binaryen = binaryen
        self._builder = Builder(binaryen)
        self._prepared: dict[tuple[str, bytes], Prepared] = {}
        self._closed = False
        features = supported_features(engine) | _OWN_FEATURES
        details = {"wasm-opt": f"none, so no legacy exceptions: {without}"}
        if binaryen is None:
            features -= {"legacy-exceptions"}
        else:
            details = {"wasm-opt": f"{binaryen.found.version}, {binaryen.found.path}"}
        self.info = BackendInfo(
            name=NAME,
            engine="wasmtime",
            engine_version=engine.version,
            features=frozenset(features),
            details=details,
        )

    async def prepare(self, loaded: LoadedCase) -> Build:
        """Make the modules ready.

        :raises ToolError: Binaryen broke down
        """
        return await self._builder.build(loaded)

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

        def make() -> FiberSession:
            return FiberSession(
                self._engine.fibers,
                self._engine.yielding_store(),
                loaded.case,
                prepared,
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
        found = self._prepared.get((name, wasm))
        if found is None:
            module, plain = parse_module(wasm), parse_module(loaded.modules[name])
            watched = Watched(name, binaryen_names(plain), range(plain.function_count))
            catches = bool(module.tags) or "exnref" in used_features(module)
            found = Prepared(watched, module, self._engine.compile(wasm), catches=catches)
            self._prepared[name, wasm] = found
        return found

    async def aclose(self) -> None:
        """End Binaryen and wasmtime; a second call does nothing."""
        if not self._closed:
            self._closed = True
            self._prepared.clear()
            if self._binaryen is not None:
                await self._binaryen.aclose()
            self._threads.close_engine()


async def open_backend(options: BackendOptions, progress: Progress | None = None) -> FiberBackend:
    """Start the backend (see ``backends.registry`` and ``open_fiber``)."""
    return await open_fiber(wasm_opt=options.wasm_opt, progress=progress)


async def open_fiber(*, wasm_opt: Path | None = None, progress: Progress | None = None) -> FiberBackend:
    """Start the backend; without a Binaryen it lacks legacy exceptions.

    :param wasm_opt: Binaryen's tool, None to look for it
    :param progress: told what takes long
    :raises BackendUnavailableError: wasmtime-py, Python or the C library is not as we know it
    :raises ToolNotFoundError: the tool that was asked for does not do
    """
    engine = FiberEngine()
    try:
        return FiberBackend(engine, await open_binaryen(wasm_opt=wasm_opt, progress=progress))
    except (ToolNotFoundError, DownloadError) as error:
        if wasm_opt is None:
            return FiberBackend(engine, None, without=str(error).splitlines()[0])
        engine.close()
        raise
    except BaseException:
        engine.close()
        raise


async def _run_case(
    make: Callable[[], FiberSession], case: Case, expected: Sequence[Expect], timeout_s: float
) -> Observation:
    world = make()
    script = Script(case, world, expected)

    async def whole() -> None:
        try:
            await world.make_all()
        except (Exception, asyncio.CancelledError) as error:
            if isinstance(error, asyncio.CancelledError) or is_over(error):
                raise TimeUpError(str(error)) from error
            trap = trap_of(error, "func[{}]".format)
            script.seen = [
                StepObservation(step=at, ended="trapped", trap=trap)
                for at, step in enumerate(case.script)
                if step.call or step.finish or step.cancel
            ]
        else:
            await script.run()

    status, detail = "finished", ""
    try:
        await asyncio.wait_for(whole(), timeout_s)
    except (asyncio.TimeoutError, TimeUpError):
        status = "hung"
    except ScriptError as error:
        status, detail = "error", str(error)
    finally:
        observation = _observation(world, script, status, detail)
        world.close()
    return observation


def _observation(world: FiberSession, script: Script, status: str, detail: str) -> Observation:
    wasi = world.wasi
    if wasi is not None:
        wasi.collect()
    seen: dict[str, Any] = {
        "status": status,
        "detail": detail,
        "steps": tuple(script.seen),
        "suspensions": world.watch.suspensions(NAME),
        "suspension_count": world.watch.count,
        "log": tuple(world.host.log),
        "stdout": wasi.stdout.decode("utf-8", "replace") if wasi else "",
        "stderr": wasi.stderr.decode("utf-8", "replace") if wasi else "",
        "problems": tuple(world.host.problems),
        "warnings": world.warnings(),
    }
    return Observation.model_validate(seen)
