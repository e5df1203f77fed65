"""Every error that stackswitch raises: one base class; each class has an exit code and a section in the docs.

A command that runs cases returns a trap, a hang or a wrong value *in the guest* as a result
(``models.result``). Only trouble with the input or with our tools raises. The library raises a ``GuestError``
for a guest's.

Exit codes of the command line that are not an error's: 0 (as expected), 1 (a case failed or a list needs
fixing), 2 (usage), 130 (interrupted), 141 (standard output was closed).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

DOCS_URL = "https://stackswitch.readthedocs.io/en/latest/errors/"


def _first(lines: Sequence[str], most: int, what: str) -> list[str]:
    """Return the first lines, and one with the number of the others."""
    rest = [f"  and {len(lines) - most} {what}"] if len(lines) > most else []
    return [*lines[:most], *rest]


class StackswitchError(Exception):
    """Base class of all our errors. If it is raised itself, as any unforeseen exception, that is a bug.

    :cvar exit_code: the command line's exit status (a test checks that each class has its own)
    :cvar slug: the anchor of the class in ``docs/errors.md``
    """

    exit_code: ClassVar[int] = 70
    slug: ClassVar[str] = "internal"

    def __init_subclass__(cls, exit_code: int | None = None, slug: str | None = None) -> None:
        super().__init_subclass__()
        cls.exit_code = cls.exit_code if exit_code is None else exit_code
        cls.slug = slug or cls.slug

    @property
    def help_url(self) -> str:
        """The section of the documentation that explains this class of errors."""
        return f"{DOCS_URL}#{self.slug}"


class ConfigError(StackswitchError, exit_code=4, slug="config"):
    """An option or a configuration contradicts itself, or names something that does not exist."""


class SuiteError(StackswitchError, exit_code=5, slug="suite"):
    """A suite cannot be read: the folder or its cases are missing, or a case is invalid."""


class WasmFormatError(StackswitchError, exit_code=6, slug="wasm-format"):
    """Bytes that are not a WebAssembly module, or a module that is truncated or malformed.

    :param message: what is wrong
    :param offset: where (bytes from the start of the module)
    """

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(f"{message} (at offset {offset:#x})")
        self.offset = offset


class ToolError(StackswitchError, exit_code=7, slug="tool"):
    """A tool that we ran failed.

    :param argv: the command
    :param status: its exit status; negative: the signal that ended it; None: it did not start
    :param stderr: what it wrote to stderr; the message has the end of it
    """

    def __init__(self, message: str, *, argv: Sequence[str], status: int | None, stderr: str = "") -> None:
        shown = stderr.strip()[-2000:]
        ended = "did not start" if status is None else f"exit status {status}"
        super().__init__(
            f"{message}\n  command: {' '.join(argv)}\n  {ended}" + (f"\n  {shown}" if shown else "")
        )
        self.argv = tuple(argv)
        self.status = status
        self.stderr = stderr


class ToolNotFoundError(StackswitchError, exit_code=8, slug="tool-not-found"):
    """A tool is missing or was rejected. The message says what was searched for, where, and how to get it.

    :param looked: the places, each with what was found there
    :param install: a command that installs it
    """

    def __init__(self, message: str, *, looked: Sequence[str] = (), install: str = "") -> None:
        lines = [message, *(f"  looked: {place}" for place in looked)]
        if install:
            lines.append(f"  to get it: {install}")
        super().__init__("\n".join(lines))
        self.looked = tuple(looked)
        self.install = install

    @classmethod
    def of_program(cls, program: str) -> ToolNotFoundError:
        """Return the error for a program that the user named and that does not exist."""
        if "/" in program:
            return cls(f"{program}: no such program, or the interpreter that it names is missing")
        return cls(f"{program}: not found in PATH\n  install it, or give its path")


class EngineError(StackswitchError, exit_code=9, slug="engine"):
    """An engine did not start, did not answer the handshake, or violated the protocol."""


class BackendUnavailableError(StackswitchError, exit_code=10, slug="backend-unavailable"):
    """A backend exists but cannot run on this machine. The message says why and what would help."""


class DownloadError(StackswitchError, exit_code=11, slug="download"):
    """A download failed, or does not match the lockfile."""


class OutputError(StackswitchError, exit_code=12, slug="output"):
    """A result could not be written. A file that was there before is unchanged."""


class ListFileError(StackswitchError, exit_code=13, slug="list-file"):
    """A file has no list of names, more than one, or one that cannot be read or edited.

    :param message: what is wrong and what to do
    :param path: the file
    :param line: where in the file, counted from 1
    """

    def __init__(self, message: str, *, path: str = "", line: int | None = None) -> None:
        place = ":".join([each for each in (path, str(line) if line else "") if each])
        super().__init__(f"{place}: {message}" if path else f"line {line}: {message}" if line else message)
        self.message = message
        self.path = path
        self.line = line


class GuestError(StackswitchError, exit_code=14, slug="guest"):
    """A guest of the library could not do what was requested. The classes below are the reasons."""


class ImportsError(GuestError, exit_code=15, slug="imports"):
    """The host functions do not fit what the module imports. The message lists all problems.

    :ivar missing: imports that nothing provides, ``module.name``
    """

    def __init__(self, message: str, *, missing: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.missing = tuple(missing)


class GuestTypeError(GuestError, TypeError, exit_code=16, slug="guest-type"):
    """A value does not have the type that the module declares, or there are too few or too many values."""


@dataclass(frozen=True)
class GuestFrame:
    """A frame of the guest's stack.

    :ivar function: its name, ``func[3]`` if the module has none
    :ivar index: its index among all functions of the module
    :ivar offset: of the call (bytes from the start of the module); -1: unknown
    """

    function: str
    index: int
    offset: int = -1

    def __str__(self) -> str:
        return self.function + (f" at {self.offset:#x}" if self.offset >= 0 else "")


def _stack_text(frames: Sequence[GuestFrame]) -> str:
    """Return a line for each of the innermost frames, and a line with the number of the others."""
    return "".join(f"\n{line}" for line in _first([f"  in {each}" for each in frames], 20, "more frames"))


class GuestTrapError(GuestError, exit_code=17, slug="guest-trap"):
    """The guest trapped.

    :ivar message: without the frames
    :ivar kind: ``unreachable``, ``memory-out-of-bounds``, ``exit``…, as in the suite format
    :ivar frames: innermost first; some engines report only the innermost 20
    :ivar exit_status: the argument of ``proc_exit``, for the kind ``exit``
    """

    def __init__(
        self, message: str, *, kind: str, frames: Sequence[GuestFrame] = (), exit_status: int | None = None
    ) -> None:
        super().__init__(message + _stack_text(frames))
        self.message = message
        self.kind = kind
        self.frames = tuple(frames)
        self.exit_status = exit_status


class GuestStateError(GuestError, RuntimeError, exit_code=18, slug="guest-state"):
    """The guest cannot be called: it is closed, poisoned, or of another event loop, thread or process."""


class GuestMemoryError(GuestError, IndexError, exit_code=19, slug="guest-memory"):
    """An address is outside of the guest's memory, or the guest may not have so much memory."""


class GuestTimeoutError(GuestError, TimeoutError, exit_code=20, slug="guest-timeout"):
    """A call, or a start function, reached its deadline or used up its fuel, and was ended.

    :ivar message: without the frames
    :ivar frames: where the guest was, innermost first: always if it was opened with ``stacks=True``
    """

    def __init__(self, message: str, *, frames: Sequence[GuestFrame] = ()) -> None:
        super().__init__(message + _stack_text(frames))
        self.message = message
        self.frames = tuple(frames)


class SuspendRefusedError(GuestError, exit_code=21, slug="suspend-refused"):
    """A host function would suspend where the guest cannot be suspended. The message says why not."""


class DataOnlyError(StackswitchError, exit_code=22, slug="data-only"):
    """A suite or a configuration would start programs, but only cases that are data may run.

    :param starts: the programs, each with the file that names it
    """

    def __init__(self, message: str, *, starts: Sequence[str] = ()) -> None:
        shown = _first([f"  {each}" for each in starts], 10, "more")
        super().__init__("\n".join([message, *shown]))
        self.starts = tuple(starts)


class ModuleRefusedError(StackswitchError):
    """A module that a transform cannot change soundly. The message says why, and what to do.

    :ivar reason: a short name of what is in the way, such as ``no-malloc``
    """

    exit_code = 23
    slug = "module-refused"

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
