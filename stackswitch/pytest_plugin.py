"""A plugin for pytest: guests on each backend, and suites of cases as tests.

``stackswitch_backend`` is the name of a backend of the library; a test that takes it runs on each, or on
those that ``--stackswitch-backend`` names. ``--stackswitch-suite FOLDER`` collects the cases there, one test
for each backend, where tests are collected in that folder.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from stackswitch.backends.base import Backend, LoadedCase

REQUIRE_VARIABLE = "STACKSWITCH_REQUIRE"
_BACKENDS = ("asyncify", "fiber", "jspi")


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
        "--stackswitch-suite",
        metavar="FOLDER",
        type=Path,
        help="run the stackswitch cases of this folder as tests",
    )


def _chosen(config: pytest.Config) -> tuple[str, ...]:
    return tuple(dict.fromkeys(config.getoption("stackswitch_backend") or _BACKENDS))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test once for each backend."""
    if "stackswitch_backend" in metafunc.fixturenames:
        metafunc.parametrize("stackswitch_backend", _chosen(metafunc.config), indirect=True)


@pytest.fixture
def stackswitch_backend(request: pytest.FixtureRequest) -> str:
    """The name of a backend, for ``stackswitch.open(…, backend=stackswitch_backend)``.

    One that cannot be had here is skipped with the reason; it fails if ``STACKSWITCH_REQUIRE`` names it.
    """
    name: str = request.param
    if (why := _unavailable(name)) is not None:
        if name in os.environ.get(REQUIRE_VARIABLE, "").split(","):
            pytest.fail(f"{name} is required: {why}", pytrace=False)
        pytest.skip(f"{name}: {why}")
    return name


_known: dict[str, str | None] = {}


def _unavailable(name: str) -> str | None:
    """Why a backend cannot be had, found by opening the smallest of modules."""
    if name not in _known:
        from stackswitch.errors import StackswitchError
        from stackswitch.guest.opening import open_guest

        async def opened() -> None:
            async with await open_guest(b"\0asm\1\0\0\0", backend=name):
                pass

        try:
            asyncio.run(opened())
        except StackswitchError as error:
            _known[name] = str(error)
        else:
            _known[name] = None
    return _known[name]


def pytest_collect_directory(path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect the folder that ``--stackswitch-suite`` names as a suite."""
    folder = parent.config.getoption("stackswitch_suite")
    if folder is None or path.resolve() != Path(folder).resolve():
        return None
    return Suite.from_parent(parent, path=path)


class Suite(pytest.Directory):
    """A folder of cases."""

    def collect(self) -> Iterable[pytest.Item]:
        """Give a test for each case and backend, in the order of their ids."""
        from stackswitch.errors import StackswitchError
        from stackswitch.reports.escape import on_one_line, terminal
        from stackswitch.suite.loader import load_suite

        try:
            suite = load_suite(self.path)
        except StackswitchError as error:
            raise self.CollectError(terminal(str(error))) from None
        for loaded in suite.cases:
            for backend in _chosen(self.config):
                name = on_one_line(f"{loaded.case.id}[{backend}]")
                yield CaseItem.from_parent(self, name=name, loaded=loaded, backend=backend)


class CaseItem(pytest.Item):
    """A case on a backend."""

    def __init__(self, *, loaded: LoadedCase, backend: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._loaded = loaded
        self._backend = backend

    def runtest(self) -> None:
        """Run the case; anything but what it expects fails."""
        from stackswitch.errors import StackswitchError
        from stackswitch.suite.runner import run_case

        opened = self.config.stash.setdefault(_OPENED, _Opened())
        try:
            backend = opened.backend(self._backend)
        except StackswitchError as error:
            if self._backend in os.environ.get(REQUIRE_VARIABLE, "").split(","):
                raise
            pytest.skip(f"{self._backend}: {error}")
        result = opened.loop.run_until_complete(run_case(self._loaded, backend))
        if not result.as_expected:
            missing = "".join(f"\n  {each}: {', '.join(names)}" for each, names in result.missing.items())
            raise CaseFailedError(f"{result.outcome}: {result.detail}{missing}")

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Show what the case has to say, without our own stack; an error of ours, too."""
        from stackswitch.errors import StackswitchError
        from stackswitch.reports.escape import terminal

        if isinstance(excinfo.value, CaseFailedError):
            return terminal(f"{self._loaded.case.why}\n{excinfo.value}")
        if isinstance(excinfo.value, StackswitchError) and type(excinfo.value) is not StackswitchError:
            return terminal(f"{excinfo.value}\nmore: {excinfo.value.help_url}")
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Say where it stands."""
        return self.path, None, self.name


class CaseFailedError(Exception):
    """A case did not end as it expects."""


class _Opened:
    """The backends that a session (an xdist worker) has opened, each once, on a loop of their own."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._backends: dict[str, Backend] = {}

    def backend(self, name: str) -> Backend:
        from stackswitch.backends.registry import BackendOptions, open_backend

        if name not in self._backends:
            self._backends[name] = self.loop.run_until_complete(open_backend(name, BackendOptions()))
        return self._backends[name]

    def close(self) -> None:
        for each in self._backends.values():
            self.loop.run_until_complete(each.aclose())
        self.loop.run_until_complete(self.loop.shutdown_default_executor())
        self.loop.close()


_OPENED = pytest.StashKey[_Opened]()


def pytest_unconfigure(config: pytest.Config) -> None:
    """End what was opened."""
    opened = config.stash.get(_OPENED, None)
    if opened is not None:
        opened.close()
