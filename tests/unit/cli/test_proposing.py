"""Which files a proposed command reads, and what a finding of a trace says of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from stackswitch.cli.proposing import OF_INVOKE, glue_of, named_path, with_command
from stackswitch.models.finding import TraceFinding
from stackswitch.models.readiness import Proposal
from stackswitch.observe.rules import RULES, finding


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with a module in a folder below."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "dist" / "8").mkdir(parents=True)
    return tmp_path


def test_glue_names_the_module_and_the_one_of_the_same_name_comes_first(folder: Path) -> None:
    module = folder / "dist" / "8" / "app.wasm"
    assert glue_of(module) is None
    (folder / "dist" / "load.mjs").write_text("fetch('8/app.wasm')")
    (folder / "dist" / "8" / "other.js").write_text("fetch('other.wasm')")
    assert glue_of(module) == ("dist/load.mjs", "fetch('8/app.wasm')")
    (folder / "dist" / "8" / "beside.cjs").write_text("// app.wasm")
    assert glue_of(module) == ("dist/8/beside.cjs", "// app.wasm")
    (folder / "dist" / "8" / "app.js").write_text("const file = 'app.wasm';")
    assert glue_of(module) == ("dist/8/app.js", "const file = 'app.wasm';")


def test_paths_below_the_current_folder_are_relative(folder: Path) -> None:
    assert named_path(folder / "dist") == named_path(Path("dist")) == "dist"
    assert named_path(Path("/elsewhere/app.wasm")) == "/elsewhere/app.wasm"


def _found(rule: str = OF_INVOKE) -> TraceFinding:
    return finding(rule, "it is there")


def test_a_finding_about_invokes_has_the_command_or_why_there_is_none() -> None:
    assert OF_INVOKE in RULES
    command = "stackswitch reentrant app.wasm --invokes -o app.reentrant.wasm"
    made = Proposal(module="app.wasm", command=command, invokes=True)
    assert with_command(_found(), made).fix == f"Without a rebuild: {command}"
    refused = Proposal(module="app.wasm", invokes_refused="it has no table")
    assert "refuses the module: it has no table. Build with -f" in with_command(_found(), refused).fix
    for each in (_found("javascript-between"), _found()):
        assert with_command(each, None) == each
    assert with_command(_found("javascript-between"), made) == _found("javascript-between")
