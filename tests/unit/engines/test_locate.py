from __future__ import annotations

from pathlib import Path

import pytest

from stackswitch.engines.locate import find_engine
from stackswitch.engines.probe import ProbeResult
from stackswitch.engines.runtimes import ENGINES
from stackswitch.engines.spec import EngineSpec, parse_engine
from stackswitch.errors import BackendUnavailableError, ConfigError
from stackswitch.models.engine import Attempt
from stackswitch.tools.failures import describe_status


@pytest.mark.parametrize(
    ("spec", "version", "path"),
    [
        ("node", None, None),
        ("node@24", "24", None),
        ("node@24.19.0", "24.19.0", None),
        ("node@^24", "^24", None),
        ("node:/opt/a b/node", None, Path("/opt/a b/node")),
    ],
)
def test_an_engine_is_named_by_kind_version_or_path(
    spec: str, version: str | None, path: Path | None
) -> None:
    assert parse_engine(spec, ENGINES) == EngineSpec(name="node", version=version, path=path)


@pytest.mark.parametrize("spec", ["", "netscape", "node@", "node:", "node@24;rm", "node 24", "@24"])
def test_what_names_no_engine_is_refused(spec: str) -> None:
    with pytest.raises(ConfigError, match="there is no engine"):
        parse_engine(spec, ENGINES)


def test_a_program_that_is_not_there_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(BackendUnavailableError, match="no such file"):
        find_engine(f"node:{tmp_path / 'node'}")


def test_the_variable_names_an_engine_that_must_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STACKSWITCH_NODE", str(tmp_path / "node"))
    with pytest.raises(BackendUnavailableError, match=r"\$STACKSWITCH_NODE"):
        find_engine()


def test_endings_have_names() -> None:
    assert [describe_status(0), describe_status(3), describe_status(-9), describe_status(-250)] == [
        "exit status 0",
        "exit status 3",
        "SIGKILL",
        "signal 250",
    ]


def test_the_reasons_are_told_once_each() -> None:
    attempts = tuple(
        Attempt(flags=(flag,), shown="no", why=why) for flag, why in (("a", "x"), ("b", "x"), ("c", "y"))
    )
    result = ProbeResult(engine="node", version="20.1.0", flags=None, attempts=attempts)
    assert result.why_not == "node 20.1.0: x; y"
