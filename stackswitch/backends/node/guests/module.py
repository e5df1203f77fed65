"""The backend ``jspi`` of the library: a module in a child of Node, host functions in Python.

Each instance has a thread to itself (``processes``), which the next one may have when it is closed.
"""

from __future__ import annotations

import asyncio

from stackswitch.backends.guest_protocol import CallState, OpenRequest
from stackswitch.engines.locate import Engine, find_engine
from stackswitch.errors import EngineError, GuestError
from stackswitch.transport.frames import REQUEST, encode
from stackswitch.transport.pool import ChildPool
from stackswitch.wasm.features import used_features

from .call import RemoteCall, guest_error
from .child import GuestChild
from .instance import JspiInstance
from .prepared import GUEST, PreparedModule
from .processes import EngineCommand, processes_of_loop
from .stop import note_stopped

_CHECKED = 0
"""The number of the child's other module."""
_HEAP_FLAGS = ("--max-semi-space-size=2",)
"""Of what each call leaves behind nothing lives on; left alone, V8 makes room for ever more of it (MiB)."""
_OWN_HEAP_BYTES = 64 << 20
"""What V8's heap may have beside a guest's objects: Node and our own code take 6 MiB of it."""
_STACK_FLAGS = ("--stack-size", "--wasm-stack-switching-stack-size")


async def open_jspi(plan: OpenRequest) -> JspiModule:
    """Make a module ready (``backends.guest_protocol.GuestOpener``).

    :raises BackendUnavailableError: the named engine cannot switch stacks
    :raises ToolNotFoundError: no engine is named, and none on this machine can switch stacks
    :raises GuestError: the module uses what the engine lacks, or the plan asks for what this backend has not
    """
    if plan.limits.fuel is not None:
        raise GuestError(
            "the backend jspi has no fuel: Node does not count instructions (deadline_s ends a call)"
        )
    if plan.wasi is not None and plan.wasi.readonly:
        raise GuestError(
            "the backend jspi cannot keep a guest from writing into its folders (uvwasi has no such right)"
        )
    engine = await asyncio.to_thread(find_engine, plan.engine)
    for feature, place in used_features(plan.module).items():
        if feature not in engine.features:
            where = place.describe(plan.module)
            raise GuestError(
                f"{engine.kind} {engine.version} lacks {feature}, which the module uses: {where}"
            )
    # A large module takes a second to be given a C stack for each call.
    opened = JspiModule(plan, engine, await asyncio.to_thread(PreparedModule, plan, engine.features))
    try:
        await opened.pool.prepare()
    except BaseException:
        await opened.aclose()
        raise
    return opened


class JspiModule:
    """See ``backends.guest_protocol.GuestModule``.

    :ivar pool: threads for instances
    """

    backend = "jspi"

    def __init__(self, plan: OpenRequest, engine: Engine, prepared: PreparedModule) -> None:
        self.engine = f"{engine.kind} {engine.version}"
        self.serial = prepared.serial
        self._prepared = prepared
        self._command = _engine_command(plan, engine)
        self._processes = processes_of_loop()
        self.pool = ChildPool(self._new_child)
        self._count = 0

    async def _new_child(self) -> GuestChild:
        prepared = self._prepared
        child = await self._processes.start(
            self._command, needs_stacks=prepared.request.stacks, may_share=prepared.may_share
        )
        checked = {"type": "compile", "module": _CHECKED}
        guest = {"type": "compile", "module": GUEST}
        try:
            await child.request(checked, [prepared.checked])
            await child.request(guest, [prepared.wasm])
        except BaseException as error:
            broken = child.broken
            child.close()
            if isinstance(error, EngineError) and broken is None:
                raise GuestError(f"{self.engine} refuses the module: {error}") from None
            raise
        return child

    async def instantiate(self, state: CallState) -> JspiInstance:
        """See ``GuestModule.instantiate``."""
        child = await self.pool.take()
        try:
            return await self._instantiate(child, state)
        except BaseException as error:
            if isinstance(error, asyncio.CancelledError):
                await note_stopped(child, state, self._prepared)
            self.pool.give_back(child, reuse=isinstance(error, Exception) and not child.calls)
            raise

    async def _instantiate(self, child: GuestChild, state: CallState) -> JspiInstance:
        self._count += 1
        instance = JspiInstance(self._prepared, child, self._count, self._closed)
        call = RemoteCall(instance, next(child.numbers), state)
        child.calls[call.number] = call
        state.backend_call = call
        request = asyncio.ensure_future(
            child.request(self._prepared.instance_request(instance.number, call.number))
        )
        try:
            await call.serve(request)
            answer = (await request).content
        finally:
            child.calls.pop(call.number, None)
            request.cancel()
        failure = answer["failure"]
        if isinstance(failure, dict):
            raise call.failure(failure) if call.failed is not None else guest_error(failure, instance)
        instance.memory_size = int(answer["size"])
        return instance

    def _closed(self, instance: JspiInstance) -> None:
        """Forget an instance; its thread is there for the next one, unless something of it still runs."""
        child = instance.child
        reuse = child.broken is None and not child.calls
        if reuse:
            drop = {"type": "drop", "instance": instance.number}
            child.send(encode(REQUEST, next(child.numbers), drop))
        self.pool.give_back(child, reuse=reuse)

    async def aclose(self) -> None:
        """See ``GuestModule.aclose``."""
        self.pool.close()


def _engine_command(plan: OpenRequest, engine: Engine) -> EngineCommand:
    flags = [*engine.flags, *_HEAP_FLAGS]
    if plan.limits.stack_bytes is not None:
        flags += [f"{flag}={max(64, plan.limits.stack_bytes >> 10)}" for flag in _STACK_FLAGS]
    heap = None if plan.limits.max_memory is None else plan.limits.max_memory + _OWN_HEAP_BYTES
    return EngineCommand((engine.path, *flags), plan.limits.stack_bytes, heap)
