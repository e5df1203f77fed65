"""Every error stackswitch raises: one base, and per class an exit code and a page in the docs.

A trap, a hang or a wrong value *in the guest* is a result (see ``models.result``), never one of
these: only trouble with what we were given, or with our own tools, raises.

Exit codes 0, 1 and 2 are taken: all as expected, a case failed or a list needs fixing, usage; also 130
(interrupted) and 141 (standard output was closed).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

DOCS_URL = "https://stackswitch.readthedocs.io/en/latest/errors/"


_MOST_SHOWN = 10


class StackswitchError(Exception):
    """Base of all errors of ours; raised by itself, as any other exception that is not foreseen, it is a bug.

    :cvar exit_code: what the command line exits with (unique per class; a test holds this)
    :cvar slug: the anchor of the class in ``docs/errors.md``
    """

    exit_code: ClassVar[int] = 70
    slug: ClassVar[str] = "internal"

    @property
    def help_url(self) -> str:
        """Where the documentation explains this class of errors."""
        return f"{DOCS_URL}#{self.slug}"


class ConfigError(StackswitchError):
    """A configuration or an option contradicts itself or names something that is not there."""

    exit_code = 4
    slug = "config"


class SuiteError(StackswitchError):
    """A suite cannot be read: no such folder, no case in it, a case that does not validate."""

    exit_code = 5
    slug = "suite"


class WasmFormatError(StackswitchError):
    """Bytes that are not a WebAssembly module, or one that is cut short or malformed.

    :param message: what is wrong
    :param offset: where, in bytes from the start of the module
    """

    exit_code = 6
    slug = "wasm-format"

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(f"{message} (at offset {offset:#x})")
        self.offset = offset


class ToolError(StackswitchError):
    """A tool that we ran failed.

    :param argv: the command, as run
    :param status: its exit status; negative is the signal that ended it; None, it did not start
    :param stderr: what it wrote to stderr; the end of it is shown
    """

    exit_code = 7
    slug = "tool"

    def __init__(self, message: str, *, argv: Sequence[str], status: int | None, stderr: str = "") -> None:
        shown = stderr.strip()[-2000:]
        ended = "did not start" if status is None else f"exit status {status}"
        super().__init__(
            f"{message}\n  command: {' '.join(argv)}\n  {ended}" + (f"\n  {shown}" if shown else "")
        )
        self.argv = tuple(argv)
        self.status = status
        self.stderr = stderr


class ToolNotFoundError(StackswitchError):
    """A tool is missing or was refused: what was looked for, where, and the command that gets it.

    :param looked: the places, each with what was found there
    :param install: a command that would help
    """

    exit_code = 8
    slug = "tool-not-found"

    def __init__(self, message: str, *, looked: Sequence[str] = (), install: str = "") -> None:
        lines = [message, *(f"  looked: {place}" for place in looked)]
        if install:
            lines.append(f"  to get it: {install}")
        super().__init__("\n".join(lines))
        self.looked = tuple(looked)
        self.install = install


class EngineError(StackswitchError):
    """An engine does not start, does not shake hands, or broke its protocol."""

    exit_code = 9
    slug = "engine"


class BackendUnavailableError(StackswitchError):
    """A backend is known but cannot run here; the message says why and what would help."""

    exit_code = 10
    slug = "backend-unavailable"


class DownloadError(StackswitchError):
    """Something that had to be fetched could not be, or was not what the lockfile says."""

    exit_code = 11
    slug = "download"


class OutputError(StackswitchError):
    """A result could not be written; what stood at its place before still does."""

    exit_code = 12
    slug = "output"


class ListFileError(StackswitchError):
    """A file that should hold a list of names holds none, two, or one that cannot be read or changed.

    :param message: what is wrong and what to do
    :param path: the file
    :param line: where, counted from 1
    """

    exit_code = 13
    slug = "list-file"

    def __init__(self, message: str, *, path: str = "", line: int | None = None) -> None:
        place = ":".join([each for each in (path, str(line) if line else "") if each])
        super().__init__(f"{place}: {message}" if path else f"line {line}: {message}" if line else message)
        self.message = message
        self.path = path
        self.line = line


class GuestError(StackswitchError):
    """A guest opened as a library could not do what was asked; the classes below say in which way."""

    exit_code = 14
    slug = "guest"


class ImportsError(GuestError):
    """The host functions given do not fit what the module imports; all that is wrong is told at once.

    :param missing: imports that nothing provides, ``module.name``
    """

    exit_code = 15
    slug = "imports"

    def __init__(self, message: str, *, missing: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.missing = tuple(missing)


class GuestTypeError(GuestError, TypeError):
    """A value is not of the type that the module has at that place, or there are too few or too many."""

    exit_code = 16
    slug = "guest-type"


@dataclass(frozen=True)
class GuestFrame:
    """A frame of the guest's stack.

    :ivar function: its name, ``func[3]`` if the module has none; :ivar index: among all functions
    :ivar offset: of the call, in bytes from the module's start; -1: the engine does not tell
    """

    function: str
    index: int
    offset: int = -1

    def __str__(self) -> str:
        return self.function + (f" at {self.offset:#x}" if self.offset >= 0 else "")


_SHOWN_FRAMES = 20


def _stack_text(frames: Sequence[GuestFrame]) -> str:
    """Return a line for each of the innermost frames, and one that counts the others."""
    lines = [f"\n  in {frame}" for frame in frames[:_SHOWN_FRAMES]]
    if len(frames) > _SHOWN_FRAMES:
        lines.append(f"\n  and {len(frames) - _SHOWN_FRAMES} more frames")
    return "".join(lines)


class GuestTrapError(GuestError):
    """The guest trapped.

    :ivar kind: ``unreachable``, ``memory-out-of-bounds``, ``exit``…, as in the suite format
    :ivar frames: innermost first; engines may tell the innermost twenty only
    :ivar exit_status: what ``proc_exit`` was given, for the kind ``exit``
    """

    exit_code = 17
    slug = "guest-trap"

    def __init__(
        self, message: str, *, kind: str, frames: Sequence[GuestFrame] = (), exit_status: int | None = None
    ) -> None:
        super().__init__(message + _stack_text(frames))
        self.message = message
        self.kind = kind
        self.frames = tuple(frames)
        self.exit_status = exit_status


class GuestStateError(GuestError, RuntimeError):
    """The guest cannot be called now, or ever again: closed, poisoned, of another thread or process."""

    exit_code = 18
    slug = "guest-state"


class GuestMemoryError(GuestError, IndexError):
    """An address that is not within the guest's memory, or memory that it may not have."""

    exit_code = 19
    slug = "guest-memory"


class GuestTimeoutError(GuestError, TimeoutError):
    """A call, or a start function, was ended since its time, or its fuel, was up.

    :ivar message: without the frames
    :ivar frames: where the guest was, innermost first: always if it was opened with ``stacks=True``
    """

    exit_code = 20
    slug = "guest-timeout"

    def __init__(self, message: str, *, frames: Sequence[GuestFrame] = ()) -> None:
        super().__init__(message + _stack_text(frames))
        self.message = message
        self.frames = tuple(frames)


class SuspendRefusedError(GuestError):
    """A host function wants to wait where the guest cannot be set aside: the message says why not."""

    exit_code = 21
    slug = "suspend-refused"


class DataOnlyError(StackswitchError):
    """A suite or a configuration would start programs, and only cases that are data may run.

    :param starts: what would be started, each with the file that says so
    """

    exit_code = 22
    slug = "data-only"

    def __init__(self, message: str, *, starts: Sequence[str] = ()) -> None:
        shown = [f"  {each}" for each in starts[:_MOST_SHOWN]]
        if len(starts) > _MOST_SHOWN:
            shown.append(f"  and {len(starts) - _MOST_SHOWN} more")
        super().__init__("\n".join([message, *shown]))
        self.starts = tuple(starts)
