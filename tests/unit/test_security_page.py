"""``docs/security.md`` names every command, and its figures are those of the models."""

from __future__ import annotations

import re
from pathlib import Path

import typer.main

from stackswitch.backends.guest_protocol import Wasi
from stackswitch.backends.wasmtime import engine
from stackswitch.cli.app import make_app
from stackswitch.cli.settings import FixSettings, Settings
from stackswitch.errors import DataOnlyError
from stackswitch.models.base import Frozen
from stackswitch.models.case import Case
from stackswitch.models.command import BackendSettings, CommandCase, Services
from stackswitch.tools import processes

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "security.md").read_text("utf-8")


def section(title: str) -> str:
    return PAGE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def row(first: str) -> str:
    (line,) = (line for line in PAGE.splitlines() if line.startswith(f"| {first}"))
    return line


def test_every_command_says_what_it_executes() -> None:
    table = section("What each command executes")
    commands = typer.main.get_command(make_app()).commands  # type: ignore[attr-defined]
    named = {name for line in table.splitlines() for name in re.findall(r"`(\w+)", line.split(" | ")[0])}
    assert set(commands) <= named


def bounds(model: type[Frozen], name: str) -> tuple[float, float]:
    field = model.model_fields[name]
    (most,) = (each.le for each in field.metadata if hasattr(each, "le"))
    return field.default, most


def test_the_limits_of_suites_are_those_of_the_models() -> None:
    for model, name, line in (
        (Case, "timeout_s", row("time of a case that is data")),
        (CommandCase, "timeout_s", row("time of a command")),
        (Services, "ready_timeout_s", row("services until they are ready")),
    ):
        default, most = bounds(model, name)
        assert line.endswith(f"| {default:g} s | {most:,g} s |"), line
    assert f"{processes.MOST_STDOUT >> 20} MiB" in row("standard output of a command")
    assert f"{processes.MOST_STDERR >> 10} KiB" in row("standard error of a command")
    assert f"{Wasi().max_output_bytes >> 20} MiB" in row("output of a WASI guest")
    assert f"{engine.STACK_BYTES >> 20} MiB" in row("native stack of a guest on `asyncify`")


def test_what_names_a_program_is_on_the_page() -> None:
    """A new setting has to be thought about: does it name a program?"""
    told = section("What a suite may do")
    assert {"engine", "node_args", "env"} <= BackendSettings.model_fields.keys()
    assert all(f"`{name}`" in told for name in ("engine", "node_args", "env", "command"))
    assert {name for name, field in Settings.model_fields.items() if "Path" in str(field.annotation)} == {
        "suite",
        "wasm_opt",
    }
    assert set(FixSettings.model_fields) == {"build", "built"}
    assert f"exit status is {DataOnlyError.exit_code}" in told


def test_the_policy_says_how_to_report() -> None:
    policy = (ROOT / "SECURITY.md").read_text("utf-8")
    assert "private vulnerability reporting" in policy
    assert "@" not in policy
