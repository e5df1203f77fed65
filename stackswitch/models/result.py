"""What a backend observed of a case, and how the suite judged it."""

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
    """Why a call did not return: the kind, the message of the engine or the host function, the stack."""

    kind: TrapKind
    message: str
    error: str | None = None
    frames: tuple[str, ...] = ()


class StepObservation(Frozen):
    """How one step ended; a step with ``copies`` has one for each copy.

    ``memory``, ``globals``: after the step, the values that its expectation compares.
    """

    step: int
    ended: Literal["returned", "trapped", "cancelled", "done"]
    values: tuple[ValueText, ...] = ()
    trap: Trap | None = None
    memory: tuple[str, ...] = ()
    globals: dict[str, ValueText] = {}
    suspensions: int = 0


class Unsupported(Frozen):
    """A feature that a case needs and a backend lacks, and where in the module it is used."""

    feature: str
    where: str


class Observation(Frozen):
    """What a backend observed of a case.

    ``status``: ``finished``: all steps ran. ``hung``: the deadline passed first. ``crashed``: the engine
    died. ``unsupported``: it did not run. ``error``: it could not be prepared (``detail``). ``log``: the
    imports called, in order, without WASI's, at most ``LOG_LIMIT``. ``problems``: arguments of host functions
    or results of re-entry that are not as the case says; with the status ``error``, trouble of ours.
    ``missing``: by list, names that the run has shown to be needed. ``warnings``: about the lists, from
    preparing the case.
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
    r"""What a backend observed of a command.

    ``status``: ``finished``: it ended by itself. ``hung``: the deadline passed first. ``unsupported``: it did
    not run. ``error``: it could not be run or observed (``detail``). ``exit_code``: None: a ``signal`` ended
    it. ``stdout``, ``stderr``: the output and the end of standard error as text; what is not UTF-8 as
    ``\xNN``. ``module``: the hash of the module that was suspended most often; of a build of ours, the hash
    of its source. ``trace``: the bytes of the trace file. ``shared``: it ran as a Worker of a process with
    others.
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


class CaseRun(Frozen):
    """A case, and where it ran. ``build``: of a command, which build Asyncify ran."""

    case_id: str
    backend: str
    engine: str
    engine_version: str
    build: BuildKind | None = None

    @property
    def where(self) -> str:
        """``jspi on node 24.19.0``."""
        return f"{self.backend} on {self.engine} {self.engine_version}"


class CaseResult(CaseRun):
    """One line of ``test --json``: a case on a backend.

    ``outcome``: if it is ``skipped``, the backend could not run, for the reason in ``detail``.
    ``as_expected`` is then whether the user permits that, and ``engine`` and ``engine_version`` are what was
    requested (empty: any). ``warnings``: about the case's lists, such as a name that matches nothing.
    ``module``: the hash (SHA-256) of the module under test; empty: unknown. ``symptom``: how a command ended
    whose list lacks names.
    """

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
    """Which part of a suite ran: ``index`` of ``count``, with ``cases`` of the ``suite_cases``."""

    index: int
    count: int
    cases: int
    suite_cases: int


class SuiteResult(Frozen):
    """A run of a suite: the file that ``test --json`` writes and ``report`` reads.

    ``shard``: None: the whole suite ran.
    """

    schema_version: int = RESULT_SCHEMA_VERSION
    shard: ShardOfSuite | None = None
    results: tuple[CaseResult, ...] = Field(default=())
