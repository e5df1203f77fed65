"""What a backend saw of a case, and what the suite makes of it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from .backend import BuildKind
from .base import Frozen
from .expect import ListName, Outcome, TrapKind
from .trace import Suspension, TraceSuspension, TraceTrap
from .values import ValueText

RESULT_SCHEMA_VERSION = 1


class Trap(Frozen):
    """Why a call did not return: the kind, the engine's or host function's own words, the place."""

    kind: TrapKind
    message: str
    error: str | None = None
    frames: tuple[str, ...] = ()


class StepObservation(Frozen):
    """What came of one step; for a step with ``copies``, of each copy in turn.

    ``memory`` and ``globals`` are what stood, after the step, where its expectation looks.
    """

    step: int
    ended: Literal["returned", "trapped", "cancelled", "done"]
    values: tuple[ValueText, ...] = ()
    trap: Trap | None = None
    memory: tuple[str, ...] = ()
    globals: dict[str, ValueText] = {}
    suspensions: int = 0


class Unsupported(Frozen):
    """What a case needs and a backend lacks, and where in the module that was found."""

    feature: str
    where: str


class Observation(Frozen):
    """All that a backend saw of a case.

    ``status``: ``finished``, all steps were taken; ``hung``, the deadline came first; ``crashed``, the
    engine died; ``unsupported``, it was not run; ``error``, it could not be made ready (``detail``).
    ``log`` holds the imports called, in order, WASI's left out, ended at ``LOG_LIMIT``.
    ``problems`` are departures from the case's own words: host arguments or re-entry results that were not
    as given; with the status ``error``, trouble of ours. ``missing`` are names by list that the run has shown
    to be needed, ``warnings`` what was found of the lists when the case was made ready.
    """

    status: Literal["finished", "hung", "crashed", "unsupported", "error"]
    detail: str = ""
    steps: tuple[StepObservation, ...] = ()
    suspensions: tuple[Suspension, ...] = ()
    suspension_count: int = 0
    log: tuple[str, ...] = ()
    stdout: str = ""
    stderr: str = ""
    problems: tuple[str, ...] = ()
    missing: dict[ListName, tuple[str, ...]] = {}
    warnings: tuple[str, ...] = ()
    unsupported: Unsupported | None = None
    duration_ms: float = 0.0


LOG_LIMIT = 10_000


class CommandObservation(Frozen):
    r"""All that a backend saw of a command.

    ``status``: ``finished``, it ended by itself; ``hung``, the deadline came first; ``unsupported``, it was
    not run; ``error``, it could not be run or observed (``detail``). ``exit_code``: None, it was ended by
    ``signal``. ``stdout`` and the end of ``stderr`` as text, what is no UTF-8 as ``\xNN``. ``module``: the
    hash of the module that waited most often, of a build of ours, that which it was made of. ``trace``: the
    trace file's bytes. ``shared``: it ran as a Worker of a process that runs others too.
    """

    status: Literal["finished", "hung", "unsupported", "error"]
    detail: str = ""
    exit_code: int | None = None
    signal: int | None = None
    stdout: str = ""
    stderr: str = ""
    module: str = ""
    suspensions: tuple[TraceSuspension, ...] = ()
    suspension_count: int = 0
    traps: tuple[TraceTrap, ...] = ()
    missing: dict[ListName, tuple[str, ...]] = {}
    trace: bytes = Field(default=b"", repr=False)
    warnings: tuple[str, ...] = ()
    unsupported: Unsupported | None = None
    duration_ms: float = 0.0
    shared: bool = False


class CaseResult(Frozen):
    """One line of ``test --json``: a case on a backend.

    ``outcome`` ``skipped``: the backend could not be had, for the reason in ``detail``; ``as_expected`` then
    says whether the user permits that, ``engine`` and ``engine_version`` what was wanted (empty: any).
    ``warnings``: findings about the case's lists, such as a name that matches nothing. ``module``: the hash
    (SHA-256) of the module under test; empty: not known. Of commands: ``build``, which build Asyncify ran;
    ``symptom``, how one ended whose list falls short.
    """

    case_id: str
    backend: str
    engine: str
    engine_version: str
    build: BuildKind | None = None
    outcome: Outcome
    symptom: Outcome | None = None
    as_expected: bool
    detail: str = ""
    missing: dict[ListName, tuple[str, ...]] = {}
    warnings: tuple[str, ...] = ()
    suspensions: int = 0
    duration_ms: float = 0.0
    module: str = ""


class ShardOfSuite(Frozen):
    """Which part of a suite ran: ``index`` of ``count``; ``cases`` of the ``suite_cases`` are in it."""

    index: int
    count: int
    cases: int
    suite_cases: int


class SuiteResult(Frozen):
    """A run of a suite: the file that ``test --json`` writes and ``report`` reads.

    ``shard``: None, the whole suite ran.
    """

    schema_version: int = RESULT_SCHEMA_VERSION
    shard: ShardOfSuite | None = None
    results: tuple[CaseResult, ...] = Field(default=())
