"""A conformance case, as data: any host can run it (``docs/suite-format.md`` is its specification)."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, field_validator, model_validator

from .base import Frozen
from .features import FEATURES
from .values import ValueText, normalise_value

ListName = Literal[
    "ASYNCIFY_ONLY", "ASYNCIFY_ADD", "ASYNCIFY_REMOVE", "ASYNCIFY_IMPORTS", "JSPI_EXPORTS", "JSPI_IMPORTS"
]
Outcome = Literal["returned", "trapped", "wrong", "hung", "needs-list-fix", "unsupported", "crashed", "error"]
TrapKind = Literal[
    "unreachable",
    "integer-divide-by-zero",
    "integer-overflow",
    "bad-conversion",
    "memory-out-of-bounds",
    "table-out-of-bounds",
    "null-call",
    "signature-mismatch",
    "null-reference",
    "bad-cast",
    "stack-overflow",
    "uncaught-exception",
    "host-error",
    "suspend-error",
    "asyncify-overflow",
    "asyncify-state",
    "exit",
    "other",
]
"""Why a call did not return, in words that do not depend on the engine.

``uncaught-exception``: a wasm exception left the export. ``host-error``: a host function failed and
nothing caught it (``error`` has its message). ``suspend-error``: JSPI refused to suspend.
``asyncify-overflow``: Asyncify's buffer was too small. ``asyncify-state``: the unwind/rewind protocol
was broken. ``exit``: WASI's proc_exit with a status other than 0.
"""

BACKEND_NAMES = ("asyncify", "jspi", "fiber")
MAIN = "main"
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]*(/[A-Za-z0-9][A-Za-z0-9._+-]*)*\Z")


def _result_text(text: str) -> str:
    """Accept a value, or ``arg:N``: the Nth argument handed back."""
    if text.startswith("arg:"):
        if not text[4:].isdecimal():
            raise ValueError(f"{text!r}: write arg:N with N counted from 0")
        return text
    return normalise_value(text)


def _address(at: int | str) -> int | str:
    if isinstance(at, str) and not (at.startswith("arg:") and at[4:].isdecimal()):
        raise ValueError(f"{at!r} is no address: write a number of bytes, or arg:N")
    if isinstance(at, int) and at < 0:
        raise ValueError("an address is not negative")
    return at


def _hex(text: str) -> str:
    return bytes.fromhex(text).hex()


ResultText = Annotated[str, AfterValidator(_result_text)]
Address = Annotated[int | str, AfterValidator(_address)]
HexBytes = Annotated[str, AfterValidator(_hex)]


class Failure(Frozen):
    """How a host function fails: with a message, or with a wasm exception that the guest may catch.

    ``tag`` names an exported tag of the calling instance; ``values`` are its payload.
    """

    message: str = ""
    tag: str | None = None
    values: tuple[ValueText, ...] = ()


class MemoryWrite(Frozen):
    """Bytes that the host writes into the instance's first exported memory."""

    at: Address
    hex: HexBytes


class GlobalSet(Frozen):
    """An exported mutable global that the host sets."""

    name: str
    value: ValueText


class TableSet(Frozen):
    """An element of an exported table that the host replaces by an exported function (None: null)."""

    table: str
    index: int = Field(ge=0)
    export: str | None = None


class Reentry(Frozen):
    """An export that a host function calls on the instance that called it.

    ``when="before"``: at once, the guest's frames below and nothing suspended yet. ``"during"``: while
    the call that waits is set aside (after ``delay_ms`` or the gate, before the host function's
    other effects). ``suspending``: by a promising call, which may itself wait and is waited for.
    """

    export: str
    args: tuple[ValueText, ...] = ()
    instance: str | None = None
    when: Literal["before", "during"] = "before"
    suspending: bool = False
    values: tuple[ValueText, ...] | None = None


class HostCall(Frozen):
    """What an imported function does when it is called.

    Several entries for one import serve its calls in turn, each ``times`` times; the last serves all
    the rest. Order of effects: ``args`` checked, ``throws``, ``calls`` before, [the wait], ``calls``
    during, ``grows``, ``writes``, ``sets``, ``table_sets``, then ``rejects`` or ``returns``.
    """

    import_: str = Field(alias="import")
    args: tuple[ValueText, ...] | None = None
    returns: tuple[ResultText, ...] = ()
    delay_ms: float | None = Field(default=None, ge=0, le=60_000)
    gate: str | None = None
    suspending: bool | None = None
    throws: Failure | None = None
    rejects: Failure | None = None
    writes: tuple[MemoryWrite, ...] = ()
    grows: int = Field(default=0, ge=0)
    sets: tuple[GlobalSet, ...] = ()
    table_sets: tuple[TableSet, ...] = ()
    calls: tuple[Reentry, ...] = ()
    times: int = Field(default=1, ge=1)

    @field_validator("import_")
    @classmethod
    def _module_and_name(cls, name: str) -> str:
        if "." not in name.strip("."):
            raise ValueError(f"{name!r}: an import is written module.name")
        return name

    @field_validator("returns", mode="before")
    @classmethod
    def _one_is_many(cls, returns: object) -> object:
        return (returns,) if isinstance(returns, str) else returns

    @field_validator("throws", "rejects", mode="before")
    @classmethod
    def _message_alone(cls, failure: object) -> object:
        return {"message": failure} if isinstance(failure, str) else failure

    @property
    def waits(self) -> bool:
        """Whether this import is an asynchronous function (it need not wait each time it is called)."""
        if self.suspending is not None:
            return self.suspending
        pending = self.delay_ms is not None or self.gate is not None or self.rejects is not None
        return pending or any(call.suspending for call in self.calls)


class MemoryExpect(Frozen):
    """Bytes that must stand in an instance's first exported memory."""

    at: int = Field(ge=0)
    hex: HexBytes


class Expect(Frozen):
    """What must be seen of a call; what is not given is not looked at.

    ``values``: results. ``trap``: why it did not return, and ``error`` the message of the host function's
    failure. ``suspensions``: how often the call (of a case: all its calls) was set aside. ``log``: the
    imports called, in order, WASI's left out. ``missing``: per list, exactly these names.
    ``feature``: what an ``unsupported`` case lacks.
    """

    outcome: Outcome = "returned"
    values: tuple[ValueText, ...] | None = None
    trap: TrapKind | None = None
    error: str | None = None
    suspensions: int | None = Field(default=None, ge=0)
    log: tuple[str, ...] | None = None
    stdout: str | None = None
    memory: tuple[MemoryExpect, ...] = ()
    globals: dict[str, ValueText] = {}
    missing: dict[ListName, tuple[str, ...]] = {}
    feature: str | None = None

    @field_validator("feature")
    @classmethod
    def _known_feature(cls, name: str | None) -> str | None:
        return None if name is None else _feature(name)

    @model_validator(mode="before")
    @classmethod
    def _outcome_follows(cls, data: object) -> object:
        """``trap`` alone means trapped, ``missing`` needs-list-fix, ``feature`` unsupported."""
        if isinstance(data, dict) and "outcome" not in data:
            for key, outcome in (
                ("missing", "needs-list-fix"),
                ("feature", "unsupported"),
                ("trap", "trapped"),
            ):
                if data.get(key):
                    return {**data, "outcome": outcome}
        return data


class Step(Frozen):
    """One thing the host does; exactly one of the first six fields is given.

    ``call``: call an export and wait for its end. ``start``: begin a call under a label (``copies``:
    so many of them, ``fresh``: each on an instance of its own), ``finish``: wait for its end.
    ``cancel``: abandon the call: what it waits for fails, it ends as cancelled. ``release``: open a
    gate, once for every call that waits at it and for those that come later. ``settle_ms``: let
    pending work run for so long.
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
    """A further instance, made before ``main`` in the order given; later ones may import its exports.

    Its exports answer imports whose module is ``name``. The same source may be given again.
    """

    name: str
    source: str


class AsyncifyOptions(Frozen):
    """How the module is made ready for Asyncify: the lists as Binaryen takes them, None for not given."""

    only: tuple[str, ...] | None = None
    add: tuple[str, ...] | None = None
    remove: tuple[str, ...] | None = None
    imports: tuple[str, ...] | None = None
    ignore_indirect: bool = False
    asserts: bool = False
    prebuilt: bool = False
    buffer_bytes: int | None = Field(default=None, ge=16)


class JspiOptions(Frozen):
    """Which exports are promising and which imports Suspending; None: all that are called, all that wait."""

    exports: tuple[str, ...] | None = None
    imports: tuple[str, ...] | None = None


class WasiOptions(Frozen):
    """What a WASI preview 1 program is given: argv (with its name first), environment, standard input."""

    args: tuple[str, ...] = ()
    env: dict[str, str] = {}
    stdin: str = ""


class Difference(Frozen):
    """Where a backend or an engine is known to do otherwise: what to expect instead, and why.

    ``engine`` is a name or a name and a version bound: ``node``, ``node<24``, ``wasmtime>=50``.
    ``expect`` replaces the case's own, whole; in a case of steps, the field of a step is given by
    ``step`` (counted from 0).
    """

    backend: Literal["asyncify", "jspi", "fiber"] | None = None
    engine: str | None = None
    step: int | None = Field(default=None, ge=0)
    expect: Expect
    reason: str = Field(min_length=1)
    link: str | None = None

    @model_validator(mode="after")
    def _says_where(self) -> Difference:
        if self.backend is None and self.engine is None:
            raise ValueError("a difference names a backend, an engine, or both")
        return self


class Case(Frozen):
    """One case. The short form (``export``, ``args``, ``expect``) stands for a single ``call`` step."""

    id: str
    why: str = Field(min_length=1)
    source: str
    export: str | None = None
    args: tuple[ValueText, ...] = ()
    host: tuple[HostCall, ...] = ()
    needs: tuple[str, ...] = ()
    expect: Expect = Expect()
    steps: tuple[Step, ...] = Field(default=(), alias="step")
    instances: tuple[InstanceSpec, ...] = Field(default=(), alias="instance")
    asyncify: AsyncifyOptions = AsyncifyOptions()
    jspi: JspiOptions = JspiOptions()
    wasi: WasiOptions | None = None
    differs: tuple[Difference, ...] = ()
    timeout_s: float = Field(default=10.0, gt=0, le=600)

    @field_validator("id")
    @classmethod
    def _id_is_a_path(cls, name: str) -> str:
        if not _ID.match(name):
            raise ValueError(f"{name!r} is no case id: words of letters, digits and . _ + - with / between")
        return name

    @field_validator("needs")
    @classmethod
    def _known_features(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(_feature(name) for name in names)

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
        """The steps, the short form written out."""
        if self.steps:
            return self.steps
        return (Step(call=self.export, args=self.args, expect=self.expect),)

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


def _feature(name: str) -> str:
    if name not in FEATURES:
        raise ValueError(f"{name!r} is no feature we know; there are {', '.join(FEATURES)}")
    return name
