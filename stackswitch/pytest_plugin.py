"""A plugin for pytest: guests on each backend, and suites of cases as tests.

``stackswitch_backend`` is the name of a backend of the library; a test that takes it runs on each, or on
those that ``--stackswitch-backend`` names. ``--stackswitch-suite FOLDER`` collects the cases there, one test
for each backend, where tests are collected in that folder.

A backend that is not available fails the tests on it. ``--stackswitch-allow-skip BACKEND`` skips them
instead; so does ``STACKSWITCH_ALLOW_SKIP`` unless ``STACKSWITCH_REQUIRE`` names the backend too (lists,
with commas). The commands of a suite run too; ``STACKSWITCH_DATA_ONLY=1`` refuses a suite that has any.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Coroutine, Iterable
from contextlib import AsyncExitStack
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

if TYPE_CHECKING:
    from stackswitch.backends.base import Backend, CommandBackend, LoadedCase, LoadedCommand
    from stackswitch.backends.registry import Use
    from stackswitch.models.result import CaseResult
    from stackswitch.suite.loader import Suite
    from stackswitch.suite.services import RunningServices

REQUIRE_VARIABLE = "STACKSWITCH_REQUIRE"
ALLOW_SKIP_VARIABLE = "STACKSWITCH_ALLOW_SKIP"
DATA_ONLY_VARIABLE = "STACKSWITCH_DATA_ONLY"
_BACKENDS = ("asyncify", "fiber", "jspi")
T = TypeVar("T")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the plugin's options."""
    group = parser.getgroup("stackswitch")
    group.addoption(
        "--stackswitch-backend",
        action="append",
        choices=_BACKENDS,
        help="run what takes stackswitch_backend, and suites, on this backend only; may be repeated",
    )
    group.addoption(
        "--stackswitch-allow-skip",
        action="append",
        choices=_BACKENDS,
        help="skip what runs on this backend where it is not available, instead of failing; may be repeated",
    )
    group.addoption(
        "--stackswitch-suite",
        metavar="FOLDER",
        type=Path,
        help="run the stackswitch cases of this folder as tests",
    )


def _backends(config: pytest.Config) -> tuple[str, ...]:
    return tuple(dict.fromkeys(config.getoption("stackswitch_backend") or _BACKENDS))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test once for each backend."""
    if "stackswitch_backend" in metafunc.fixturenames:
        metafunc.parametrize("stackswitch_backend", _backends(metafunc.config), indirect=True)


def _skip_or_fail(config: pytest.Config, backend: str, why: str) -> None:
    """Skip a test whose backend is not available, or fail it if a skip is not permitted."""
    allowed = _words(ALLOW_SKIP_VARIABLE) - _words(REQUIRE_VARIABLE)
    if backend not in allowed.union(config.getoption("stackswitch_allow_skip") or ()):
        pytest.fail(
            f"{backend} is not available: {why}\n(--stackswitch-allow-skip {backend} skips it)", pytrace=False
        )
    pytest.skip(f"{backend}: {why}")


def _words(variable: str) -> set[str]:
    return {word.strip() for word in os.environ.get(variable, "").split(",")} - {""}


def _is_set(variable: str) -> bool:
    return os.environ.get(variable, "").lower() in ("1", "true", "t", "yes", "y", "on")


@pytest.fixture
def stackswitch_backend(request: pytest.FixtureRequest) -> str:
    """The name of a backend, for ``stackswitch.open(…, backend=stackswitch_backend)``.

    A backend that is not available fails the test, or skips it if that is permitted, with the reason.
    """
    name: str = request.param
    if (why := _unavailable(name)) is not None:
        _skip_or_fail(request.config, name, why)
    return name


@cache
def _unavailable(name: str) -> str | None:
    """Return why a backend is not available; None: it is."""
    from stackswitch.guest.opening import why_unavailable

    return asyncio.run(why_unavailable(name))


def pytest_collect_directory(path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect the folder that ``--stackswitch-suite`` names as a suite."""
    folder = parent.config.getoption("stackswitch_suite")
    if folder is None or path.resolve() != Path(folder).resolve():
        return None
    return SuiteDirectory.from_parent(parent, path=path)


class SuiteDirectory(pytest.Directory):
    """A folder of cases."""

    def collect(self) -> Iterable[pytest.Item]:
        """Yield a test for each case and backend, in the order of their ids."""
        from stackswitch.errors import StackswitchError
        from stackswitch.reports.escape import on_one_line, terminal
        from stackswitch.suite.loader import load_suite

        try:
            suite = load_suite(self.path, data_only=_is_set(DATA_ONLY_VARIABLE))
        except StackswitchError as error:
            raise self.CollectError(terminal(str(error))) from None
        cases: list[LoadedCase | LoadedCommand] = [*suite.cases, *suite.commands]
        for loaded in cases:
            for backend in self._backends(loaded):
                name = on_one_line(f"{loaded.case.id}[{backend}]")
                yield CaseItem.from_parent(self, name=name, loaded=loaded, backend=backend, suite=suite)

    def _backends(self, loaded: LoadedCase | LoadedCommand) -> Iterable[str]:
        """Return the named backends, or else those on which such a case can run."""
        from stackswitch.backends.base import LoadedCommand
        from stackswitch.backends.registry import backend_spec

        use: Use = "commands" if isinstance(loaded, LoadedCommand) else "cases"
        named = self.config.getoption("stackswitch_backend")
        return [name for name in _backends(self.config) if named or backend_spec(name).engines(use)]


class CaseItem(pytest.Item):
    """A case, or a command, on a backend."""

    def __init__(
        self, *, loaded: LoadedCase | LoadedCommand, backend: str, suite: Suite, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self._loaded = loaded
        self._backend = backend
        self._suite = suite

    def runtest(self) -> None:
        """Run the case; anything but what it expects fails."""
        from stackswitch.errors import ConfigError, StackswitchError

        session = self.config.stash.setdefault(_SESSION, _Session())
        case = self._suite, self._loaded, self._backend
        try:
            session.wait(session.open(*case))
        except ConfigError:
            raise
        except (StackswitchError, OSError) as error:
            _skip_or_fail(self.config, self._backend, str(error))
        result = session.wait(session.run(*case))
        if not result.as_expected:
            missing = "".join(f"\n  {each}: {', '.join(names)}" for each, names in result.missing.items())
            raise CaseFailedError(f"{result.outcome}: {result.detail}{missing}")

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Show the message of a case or of one of our errors without a traceback."""
        from stackswitch.errors import StackswitchError
        from stackswitch.reports.escape import terminal

        if isinstance(excinfo.value, CaseFailedError):
            return terminal(f"{self._loaded.case.why}\n{excinfo.value}")
        if isinstance(excinfo.value, StackswitchError) and type(excinfo.value) is not StackswitchError:
            return terminal(f"{excinfo.value}\nmore: {excinfo.value.help_url}")
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Return the folder and the name."""
        return self.path, None, self.name


class CaseFailedError(Exception):
    """A case did not end as it expects."""


class _Session:
    """The backends and services that a session (an xdist worker) opens once, on a loop of its own."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._stack = AsyncExitStack()
        self._backends: dict[str, Backend] = {}
        self._commands: dict[tuple[Path, str], CommandBackend] = {}
        self._services: dict[Path, RunningServices] = {}

    def wait(self, work: Coroutine[Any, Any, T]) -> T:
        """Run on the session's loop."""
        return self._loop.run_until_complete(work)

    async def open(self, suite: Suite, loaded: LoadedCase | LoadedCommand, name: str) -> None:
        """Open the backend of a case; raises what ``backends.registry.open_backend`` does."""
        from stackswitch.backends.base import LoadedCase
        from stackswitch.backends.registry import (
            BackendOptions,
            CommandOptions,
            open_backend,
            open_command_backend,
        )

        if isinstance(loaded, LoadedCase):
            if name not in self._backends:
                self._backends[name] = backend = await open_backend(name, BackendOptions())
                self._stack.push_async_callback(backend.aclose)
        elif (suite.folder, name) not in self._commands:
            settings = suite.file.settings(name)
            options = CommandOptions(engine=settings.engine, settings=settings)
            self._commands[suite.folder, name] = command = await open_command_backend(name, options)
            self._stack.push_async_callback(command.aclose)

    async def run(self, suite: Suite, loaded: LoadedCase | LoadedCommand, name: str) -> CaseResult:
        """Run a case on its open backend, with the suite's services running."""
        from stackswitch.backends.base import LoadedCase
        from stackswitch.suite.command_expectations import judge_command
        from stackswitch.suite.runner import observe_command, run_case
        from stackswitch.suite.services import running

        if isinstance(loaded, LoadedCase):
            return await run_case(loaded, self._backends[name])
        if suite.folder not in self._services:
            services = await self._stack.enter_async_context(running(suite.file.services, suite.folder))
            self._services[suite.folder] = services
        backend = self._commands[suite.folder, name]
        observation = await observe_command(loaded, backend, self._services[suite.folder])
        return judge_command(loaded.case, backend.info, observation)

    def close(self) -> None:
        """Close everything."""
        self.wait(self._stack.aclose())
        self.wait(self._loop.shutdown_default_executor())
        self._loop.close()


_SESSION = pytest.StashKey[_Session]()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Close what the session has opened."""
    opened = config.stash.get(_SESSION, None)
    if opened is not None:
        opened.close()
