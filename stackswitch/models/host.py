"""What a host function does when it is called, as data."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, field_validator

from .base import Frozen
from .values import HexBytes, ValueText, normalise_value


def _result_text(text: str) -> str:
    """Accept a value, or ``arg:N``: the Nth argument is returned."""
    if text.startswith("arg:"):
        if not text[4:].isdecimal():
            raise ValueError(f"{text!r}: write arg:N with N counted from 0")
        return text
    return normalise_value(text)


def _address(at: int | str) -> int | str:
    if isinstance(at, str) and not (at.startswith("arg:") and at[4:].isdecimal()):
        raise ValueError(f"{at!r} is not an address: write a number of bytes, or arg:N")
    if isinstance(at, int) and at < 0:
        raise ValueError("an address is not negative")
    return at


ResultText = Annotated[str, AfterValidator(_result_text)]
Address = Annotated[int | str, AfterValidator(_address)]


class Failure(Frozen):
    """How a host function fails: with a message, or with a wasm exception that the guest may catch.

    ``tag``: the name of an exported tag of the calling instance. ``values``: its payload.
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
    """An element of an exported table, which the host replaces by an exported function (None: by null)."""

    table: str
    index: int = Field(ge=0)
    export: str | None = None


class Reentry(Frozen):
    """An export that a host function calls on the instance that called it.

    ``when="before"``: at once, with the guest's frames below and nothing suspended. ``"during"``: while the
    waiting call is suspended (after ``delay_ms`` or the gate, before the other effects of the host function).
    ``suspending``: by a promising call, which may itself suspend, and which the host function awaits.
    """

    export: str
    args: tuple[ValueText, ...] = ()
    instance: str | None = None
    when: Literal["before", "during"] = "before"
    suspending: bool = False
    values: tuple[ValueText, ...] | None = None


class HostCall(Frozen):
    """What an imported function does when it is called.

    Several entries for one import serve its calls one after another, each ``times`` times; the last serves
    all further ones. Order of effects: ``args`` checked, ``throws``, ``calls`` before, [the wait], ``calls``
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
        """Whether this import is an asynchronous function. It need not wait each time."""
        if self.suspending is not None:
            return self.suspending
        pending = self.delay_ms is not None or self.gate is not None or self.rejects is not None
        return pending or any(call.suspending for call in self.calls)
