"""What the JavaScript interpreter saw, made an ``Observation``: values, names, which module a frame is of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from stackswitch.backends.node.c_stacks import trap_message
from stackswitch.errors import EngineError
from stackswitch.models.base import Frame
from stackswitch.models.case import MAIN
from stackswitch.models.result import Observation, StepObservation, Trap, Unsupported
from stackswitch.models.trace import Suspension
from stackswitch.wasm.function_names import display_name
from stackswitch.wasm.module import Module
from stackswitch.wasm.moved_code import MovedCode

from .plan import from_wire

BACKEND = "jspi"


def observation(
    seen: Mapping[str, Any], modules: Mapping[str, Module], running: Mapping[str, Module] | None = None
) -> Observation:
    """Read the interpreter's answer.

    :param modules: by instance name
    :param running: what was made of them, which ran; None: they ran themselves
    :raises EngineError: the answer is not what the protocol says
    """
    try:
        if seen["status"] == "error":
            return Observation(status="error", detail=seen["detail"])
        frames = FrameNames(modules, running or modules, seen["owners"])
        return Observation(
            status=seen["status"],
            detail=seen["detail"],
            steps=tuple(_step(each, frames) for each in seen["steps"]),
            suspensions=tuple(_suspension(each, frames, modules) for each in seen["suspensions"]),
            suspension_count=seen["suspension_count"],
            log=tuple(seen["log"]),
            stdout=seen["stdout"],
            stderr=seen["stderr"],
            problems=tuple(seen["problems"]),
            missing={name: tuple(names) for name, names in seen["missing"].items() if names},
            warnings=tuple(seen["warnings"]),
            unsupported=_unsupported(seen["unsupported"], modules),
        )
    except (AttributeError, KeyError, TypeError, ValueError, IndexError) as error:
        raise EngineError(f"the interpreter's answer is malformed: {error!r}") from None


def _step(step: Mapping[str, Any], frames: FrameNames) -> StepObservation:
    trap = step["trap"]
    return StepObservation(
        step=step["step"],
        ended=step["ended"],
        values=tuple(from_wire(each) for each in step["values"]),
        trap=None
        if trap is None
        else Trap(
            kind=trap["kind"],
            message=frames.trap_message(trap["frames"]) or trap["message"],
            error=trap.get("error"),
            frames=tuple(
                f"{name} (function {index}, offset {offset:#x})"
                for index, offset, name in frames.read(trap["frames"], None)
            ),
        ),
        memory=tuple(step["memory"]),
        globals={name: from_wire(value) for name, value in step["globals"].items()},
        suspensions=step["suspensions"],
    )


def _suspension(each: Mapping[str, Any], frames: FrameNames, modules: Mapping[str, Module]) -> Suspension:
    return Suspension(
        module=modules[each["instance"]].sha256,
        backend=BACKEND,
        import_=each["import"],
        export=each["export"],
        frames=tuple(frames.read(each["frames"], each["instance"])),
        count=each["count"],
    )


def _unsupported(found: Mapping[str, str] | None, modules: Mapping[str, Module]) -> Unsupported | None:
    if found is None:
        return None
    module = modules[found["where"]]
    start = display_name(module, module.start) if module.start is not None else "?"
    whose = "" if found["where"] == MAIN else f" of the instance {found['where']}"
    return Unsupported(feature=found["feature"], where=f"the start function {start}{whose} waits")


class FrameNames:
    """Names the frames that the engine reports.

    The engine identifies a module by a URL of its own, which is a number here. Which module that is,
    is certain for the innermost frame of a suspension (``owners``); for the others it is the one in whose
    function the offset lies.
    """

    def __init__(
        self, modules: Mapping[str, Module], running: Mapping[str, Module], owners: Mapping[str, str]
    ) -> None:
        self._modules = modules
        self._running = running
        self._moved = {name: MovedCode(modules[name], module) for name, module in running.items()}
        self._distinct = len({module.sha256 for module in modules.values()})
        self._owners: dict[int, str] = {int(number): name for number, name in owners.items()}

    def read(self, flat: Sequence[int], base: str | None) -> list[Frame]:
        """Read (URL's number, function index, offset) triples; functions that were added are left out.

        :param base: the instance whose frames are named plainly; those of other modules get their
            instance's name and ``!`` in front
        """
        frames: list[Frame] = []
        for at in range(0, len(flat), 3):
            url, index, offset = flat[at : at + 3]
            owner = self._owner(url, index, offset)
            moved = self._moved[owner]
            if moved.is_added(index):
                continue
            name = display_name(self._modules[owner], index)
            plain = self._distinct == 1 or owner == (base or MAIN)
            place = moved.given_offset(index, offset)
            frames.append((index, place, name if plain else f"{owner}!{name}"))
        return frames

    def trap_message(self, flat: Sequence[int]) -> str | None:
        """Return what a trap says that is not the guest's own.

        :param flat: see ``read``
        """
        if not flat:
            return None
        owner = self._owner(*flat[:3])
        return trap_message(self._running[owner], flat[1]) if self._moved[owner].is_added(flat[1]) else None

    def _owner(self, url: int, index: int, offset: int) -> str:
        if self._distinct == 1:
            return MAIN
        if url not in self._owners:
            taken = {self._modules[name].sha256 for name in self._owners.values()}
            free = [
                name
                for name, module in self._modules.items()
                if module.sha256 not in taken and self._running[name].function_at(offset) == index
            ]
            self._owners[url] = free[0] if free else MAIN
        return self._owners[url]
