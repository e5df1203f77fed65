"""The options of ``open`` and ``Pool.open``: one object, or keyword arguments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypedDict

from typing_extensions import Unpack

from stackswitch.backends.guest_protocol import C_STACK_BYTES, Limits, Wasi
from stackswitch.backends.registry import BACKENDS, backend_spec, check_engine
from stackswitch.errors import ConfigError

from .imports import Imports

AUTO = "auto"
LEAST_C_STACK_BYTES, MOST_C_STACK_BYTES = 2048, 1 << 30


@dataclass(frozen=True, kw_only=True)
class GuestOptions:
    """How to open a module. ``open`` and ``Pool.open`` take one, or its fields as keyword arguments.

    :param backend: ``asyncify``, ``fiber``, ``jspi``, or ``auto``: the first that can (see ``Guest.why``)
    :param imports: host functions by ``module.name``, called with the ``Caller`` and the import's arguments;
        those that are coroutine functions suspend the guest
    :param wasi: for modules that import WASI preview 1; None: they get nothing of it
    :param only: for ``asyncify``: the functions to instrument; None: all that can lead to a suspension
    :param concurrent: calls of one guest may overlap, each with a C stack of its own; else they run one after
        another
    :param stacks: record the stack at each suspension, for ``Guest.suspended``
    :param c_stack_bytes: with ``concurrent``: how much of the guest's memory a call that begins while others
        are open gets as its C stack (bytes)
    :param max_memory: the most that all its memories and tables may take together (bytes); None: what the
        module declares
    :param fuel: the most that a call, or the start function, may use: about one for each instruction; None:
        no limit
    :param deadline_s: how long a call, or the start function, may take, suspensions included (seconds); None:
        no limit
    :param stack_bytes: the size of the guest's native stack (bytes); None: the backend's default
    :param engine: which Node, for ``jspi`` (``node@24``, ``node:/path``); None: one that can run it
    :raises ConfigError: there is no such backend, the backend does not run on that engine, a limit is not
        more than 0, or ``c_stack_bytes`` is too small or too large
    """

    backend: str = AUTO
    imports: Imports | None = None
    wasi: Wasi | None = None
    only: Sequence[str] | None = None
    concurrent: bool = False
    stacks: bool = False
    c_stack_bytes: int = C_STACK_BYTES
    max_memory: int | None = None
    fuel: int | None = None
    deadline_s: float | None = None
    stack_bytes: int | None = None
    engine: str | None = None

    def __post_init__(self) -> None:
        if self.backend != AUTO:
            backend_spec(self.backend)
        if self.engine is not None:
            backends = tuple(BACKENDS) if self.backend == AUTO else (self.backend,)
            check_engine(self.engine, backends, uses=("guests",), every=self.backend != AUTO)
        if not LEAST_C_STACK_BYTES <= self.c_stack_bytes <= MOST_C_STACK_BYTES:
            raise ConfigError(
                f"c_stack_bytes must be from {LEAST_C_STACK_BYTES} to {MOST_C_STACK_BYTES}, not "
                f"{self.c_stack_bytes}"
            )
        for name, value in vars(self.limits).items():
            if value is not None and value <= 0:
                raise ConfigError(f"{name} must be more than 0, not {value}")

    @property
    def limits(self) -> Limits:
        """What the guest may use."""
        return Limits(self.max_memory, self.fuel, self.deadline_s, self.stack_bytes)


class GuestKeywords(TypedDict, total=False):
    """The fields of ``GuestOptions`` as keyword arguments (a test compares the two)."""

    backend: str
    imports: Imports | None
    wasi: Wasi | None
    only: Sequence[str] | None
    concurrent: bool
    stacks: bool
    c_stack_bytes: int
    max_memory: int | None
    fuel: int | None
    deadline_s: float | None
    stack_bytes: int | None
    engine: str | None


def with_keywords(options: GuestOptions | None, **keywords: Unpack[GuestKeywords]) -> GuestOptions:
    """Return the options, with the given ones instead of what they were.

    :raises TypeError: there is no such option
    :raises ConfigError: see ``GuestOptions``
    """
    return GuestOptions(**keywords) if options is None else replace(options, **keywords)
