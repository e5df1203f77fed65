"""Command cases: commands that start Node on their own glue, run under observation; and ``suite.toml``."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from .backend import BackendInfo, BuildKind
from .base import Frozen
from .case import CaseId
from .expect import Difference, Expectation, ExpectedOutcome
from .features import FeatureName

CommandBackendName = Literal["asyncify", "jspi"]
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
RESERVED = "STACKSWITCH_"
"""The prefix of the variables that only stackswitch sets."""


def variables(env: dict[str, str]) -> dict[str, str]:
    """Return an environment unchanged.

    :raises ValueError: a name is invalid or reserved, or a value has a NUL
    """
    for name, value in env.items():
        if not _VARIABLE.match(name):
            raise ValueError(f"{name!r} is not a name of an environment variable")
        if name.startswith(RESERVED):
            raise ValueError(f"{name}: names that begin with {RESERVED} are set by stackswitch")
        if "\0" in value:
            raise ValueError(f"{name}: the value holds a NUL")
    return env


def _words(command: tuple[str, ...]) -> tuple[str, ...]:
    if not command or not command[0]:
        raise ValueError("a command names a program")
    if any("\0" in word for word in command):
        raise ValueError("a command holds a NUL")
    return command


Environment = Annotated[dict[str, str], AfterValidator(variables)]
Words = Annotated[tuple[str, ...], AfterValidator(_words)]
"""A program and its arguments."""


class CommandExpect(Expectation):
    r"""What a command must do; what is not given is not compared.

    ``stdout``: the whole output, byte for byte (what is not UTF-8 as ``\xNN``). ``stdout_file``: a file with
    it, relative to the case's. ``suspensions``: how many in all. ``symptom``: how a command ended whose list
    lacks names.
    """

    stdout_file: str | None = None
    exit_code: int = Field(default=0, ge=0, le=255)
    symptom: ExpectedOutcome | None = None

    @model_validator(mode="after")
    def _one_stdout(self) -> CommandExpect:
        if self.stdout is not None and self.stdout_file is not None:
            raise ValueError("stdout or stdout_file, not both")
        if "\0" in (self.stdout_file or ""):
            raise ValueError("stdout_file: no file's name has a NUL character")
        return self


class CommandDifference(Difference):
    """What a backend, an engine or a build is known to do differently.

    What ``expect`` does not give is as the case expects it, so an ``outcome`` alone is enough. ``build``: the
    command's own Asyncify build, or one that stackswitch has made from the module that JSPI runs.
    """

    build: BuildKind | None = None
    expect: CommandExpect  # type: ignore[assignment]  # of a command, not of an export

    def fits(self, info: BackendInfo) -> bool:
        """Whether it applies to this backend, engine and build."""
        return self.build in (None, info.build) and super().fits(info)

    def _names_something(self) -> bool:
        return self.build is not None or super()._names_something()


class CommandCase(Frozen):
    """One command, run in the folder of the case's file.

    ``command``: the program and its arguments; ``node`` stands for the engine, wherever in the process tree.
    ``env``: added to the environment. ``needs``: features that the engine must have.
    """

    id: CaseId
    why: str = Field(min_length=1)
    command: Words
    env: Environment = {}
    stdin: str = ""
    needs: tuple[FeatureName, ...] = ()
    expect: CommandExpect = CommandExpect()
    differs: tuple[CommandDifference, ...] = ()
    timeout_s: float = Field(default=60.0, gt=0, le=3600)

    @model_validator(mode="after")
    def _whole(self) -> CommandCase:
        if any(each.step is not None for each in self.differs):
            raise ValueError("a command has no steps that a difference could name")
        return self

    def difference(self, info: BackendInfo) -> CommandDifference | None:
        """Return the first difference that applies to this backend."""
        return next((each for each in self.differs if each.fits(info)), None)

    def expectation(self, info: BackendInfo) -> CommandExpect:
        """Return what is expected on a backend."""
        difference = self.difference(info)
        if difference is None:
            return self.expect
        given: dict[str, Any] = {
            name: getattr(difference.expect, name)
            for name in {*difference.expect.model_fields_set, "outcome"}
        }
        return self.expect.model_copy(update=given)


class Services(Frozen):
    """Servers that the commands need; started once for each run, before the first case.

    When all are ready, the command prints one line: a JSON object of strings, which are added to each case's
    environment. Its standard input is closed to end it. If it then stays, it is killed with all that it
    started.
    """

    command: Words
    env: Environment = {}
    ready_timeout_s: float = Field(default=60.0, gt=0, le=3600)


class BackendSettings(Frozen):
    """How commands run on a backend.

    ``engine``, ``build``: defaults, which the command line overrides. ``node_args``: put before a command's
    own, if its program is ``node``. ``workers``: run scripts as Workers of one Node process for each job
    (``kept``: one Worker runs one after another); a case that does not end as expected runs again in a
    process of its own. Not for builds of the program's own. ``stack_bytes``: the size for one saved stack,
    ``optimize_level``: for the code that Asyncify writes, both in builds that stackswitch makes.
    """

    env: Environment = {}
    engine: str | None = None
    node_args: tuple[str, ...] = ()
    build: BuildKind = "own"
    workers: bool | Literal["kept"] = False
    stack_bytes: int | None = Field(default=None, ge=1024, le=1 << 30)
    optimize_level: int = Field(default=0, ge=0, le=4)


class SuiteFile(Frozen):
    """``suite.toml`` in a suite's folder."""

    services: Services | None = None
    backend: dict[CommandBackendName, BackendSettings] = {}

    @model_validator(mode="after")
    def _builds_are_asyncifys(self) -> SuiteFile:
        if "build" in self.settings("jspi").model_fields_set:
            raise ValueError("backend.jspi: a build is Asyncify's: JSPI runs the module as it is")
        return self

    def settings(self, backend: str) -> BackendSettings:
        """Return how commands run on a backend."""
        return next((each for name, each in self.backend.items() if name == backend), BackendSettings())
