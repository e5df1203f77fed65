"""A conformance case, as data: any host can run it (``docs/suite-format.md`` is its specification)."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from .backend import BackendInfo
from .base import Frozen
from .expect import Difference, Expect
from .features import FeatureName
from .host import HostCall
from .values import ValueText

MAIN = "main"
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]*(/[A-Za-z0-9][A-Za-z0-9._+-]*)*\Z")


def _case_id(name: str) -> str:
    if not _ID.match(name):
        raise ValueError(f"{name!r} is not a case id: words of letters, digits and . _ + - with / between")
    return name


CaseId = Annotated[str, AfterValidator(_case_id)]


class Step(Frozen):
    """One action of the host; exactly one of the first six fields is given.

    ``call``: call an export and wait for its end. ``start``: begin a call under a label (``copies``: so many
    calls; ``fresh``: each on an instance of its own). ``finish``: wait for its end. ``cancel``: cancel the
    call: what it waits for fails, and the call ends as cancelled. ``release``: open a gate, for all calls
    that wait at it now or later. ``settle_ms``: let pending work run for so long.
    """

    call: str | None = None
    start: str | None = None
    finish: str | None = None
    cancel: str | None = None
    release: str | None = None
    settle_ms: float | None = Field(default=None, ge=0, le=10_000)
    export: str | None = None
    args: tuple[ValueText, ...] = ()
    instance: str = MAIN
    copies: int = Field(default=1, ge=1, le=100_000)
    fresh: bool = False
    expect: Expect = Expect()

    @model_validator(mode="after")
    def _one_action(self) -> Step:
        actions = ("call", "start", "finish", "cancel", "release", "settle_ms")
        given = [name for name in actions if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(
                f"a step has exactly one of {', '.join(actions)}; this one has {given or 'none'}"
            )
        if (self.export is not None) != (self.start is not None):
            raise ValueError("a step that starts a call names its export; no other step does")
        return self


class InstanceSpec(Frozen):
    """A further instance, made before ``main`` in the order given.

    Later instances import its exports from the module ``name``. Several instances may have the same source.
    """

    name: str
    source: str


class AsyncifyOptions(Frozen):
    """How the module is instrumented for Asyncify: the lists as Binaryen takes them; None: not given."""

    only: tuple[str, ...] | None = None
    add: tuple[str, ...] | None = None
    remove: tuple[str, ...] | None = None
    imports: tuple[str, ...] | None = None
    ignore_indirect: bool = False
    asserts: bool = False
    prebuilt: bool = False
    buffer_bytes: int | None = Field(default=None, ge=16)


class JspiOptions(Frozen):
    """Which exports are promising and which imports suspending; None: all that are called, all that wait."""

    exports: tuple[str, ...] | None = None
    imports: tuple[str, ...] | None = None


class WasiOptions(Frozen):
    """The input of a WASI preview 1 program: argv (its name first), environment, standard input."""

    args: tuple[str, ...] = ()
    env: dict[str, str] = {}
    stdin: str = ""


class Case(Frozen):
    """One case. Its short form (``export``, ``args``, ``expect``) is a single ``call`` step."""

    id: CaseId
    why: str = Field(min_length=1)
    source: str
    export: str | None = None
    args: tuple[ValueText, ...] = ()
    host: tuple[HostCall, ...] = ()
    needs: tuple[FeatureName, ...] = ()
    expect: Expect = Expect()
    steps: tuple[Step, ...] = Field(default=(), alias="step")
    instances: tuple[InstanceSpec, ...] = Field(default=(), alias="instance")
    asyncify: AsyncifyOptions = AsyncifyOptions()
    jspi: JspiOptions = JspiOptions()
    wasi: WasiOptions | None = None
    differs: tuple[Difference, ...] = ()
    timeout_s: float = Field(default=10.0, gt=0, le=600)

    @model_validator(mode="after")
    def _steps_or_export(self) -> Case:
        if (self.export is None) == (not self.steps):
            raise ValueError("a case has either export (and args), or steps")
        names = [MAIN, *(each.name for each in self.instances)]
        if len(set(names)) != len(names):
            raise ValueError("two instances have one name")
        started: set[str] = set()
        for step in self.script:
            if step.instance not in names:
                raise ValueError(f"a step names the instance {step.instance!r}: there are {', '.join(names)}")
            label = step.finish or step.cancel
            if label is not None and label not in started:
                raise ValueError(f"a step names the call {label!r}, which no step before it started")
            if step.start is not None:
                if step.start in started:
                    raise ValueError(f"two steps start a call {step.start!r}")
                started.add(step.start)
        return self

    @property
    def script(self) -> tuple[Step, ...]:
        """The steps; for the short form, its one step."""
        if self.steps:
            return self.steps
        return (Step(call=self.export, args=self.args, expect=self.expect),)

    def difference(self, step: int | None, info: BackendInfo) -> Difference | None:
        """Return the first difference for this backend that is about a step (from 0) or the whole (None)."""
        fitting = (each for each in self.differs if each.step == step and each.fits(info))
        return next(fitting, None)

    def expectations(self, info: BackendInfo) -> tuple[Expect, tuple[Expect, ...]]:
        """Return what is expected of the whole and of each step, with the differences for this backend."""
        difference = self.difference(None, info)
        whole = difference.expect if difference else self.expect
        if not self.steps:
            return whole, (whole,)
        of_steps = [(step, self.difference(at, info)) for at, step in enumerate(self.steps)]
        return whole, tuple(found.expect if found else step.expect for step, found in of_steps)

    @property
    def waiting_imports(self) -> tuple[str, ...]:
        """The imports that may wait, ``module.name``, sorted."""
        return tuple(sorted({entry.import_ for entry in self.host if entry.waits}))

    @property
    def called_exports(self) -> tuple[str, ...]:
        """The exports that steps call, or host functions call in a way that may wait; sorted."""
        called = {step.call or step.export for step in self.script}
        called |= {call.export for entry in self.host for call in entry.calls if call.suspending}
        return tuple(sorted(name for name in called if name))
