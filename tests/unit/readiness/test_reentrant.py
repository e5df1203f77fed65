"""An obstacle that a command removes is a change; one that the command refuses blocks, with the reason."""

from __future__ import annotations

from dataclasses import replace

import pytest

from stackswitch.models.readiness import MigrationStep, Proposal, Report
from stackswitch.readiness.verdict import judge
from stackswitch.readiness.verdict_inputs import VerdictInputs

from .conftest import both, facts, obstacle, trapped

INVOKES = Proposal(module="app.wasm", command="stackswitch reentrant app.wasm --invokes -o o", invokes=True)
STACKS = Proposal(module="app.wasm", command="stackswitch reentrant app.wasm -o o")
REFUSED = Proposal(module="app.wasm", refused="it has two", invokes_refused="it has three")
DETAIL = "JavaScript lies between the promising export and the import that waits: invoke_vi (app.js:9)"
OF_INVOKES = {
    "module": obstacle("jspi", "js-frames"),
    "case": both(jspi="trapped", as_expected=False, detail=DETAIL),
    "trace": trapped("SuspendError", "js-frames", js_frames=("invoke_vi (app.js:9)",)),
}


def weights(report: Report) -> set[str]:
    return {each.weight for each in report.findings if each.rule.startswith("invoke-")}


def step(report: Report, rule: str) -> MigrationStep:
    (found,) = (each for each in report.steps if rule in each.rules)
    return found


@pytest.mark.parametrize("kind", OF_INVOKES)
def test_invokes_are_a_change_that_a_command_makes(kind: str) -> None:
    report = judge(replace(OF_INVOKES[kind], proposal=INVOKES))
    assert weights(report) == {"change"}
    assert report.level != "not-ready"
    (found,) = (each for each in report.steps if any(rule.startswith("invoke-") for rule in each.rules))
    assert (found.code, found.language) == (INVOKES.command, "sh")
    assert all(INVOKES.command in each.mend for each in report.findings if each.rule.startswith("invoke-"))


@pytest.mark.parametrize("kind", OF_INVOKES)
def test_invokes_block_if_the_command_refuses_the_module(kind: str) -> None:
    report = judge(replace(OF_INVOKES[kind], proposal=REFUSED))
    assert weights(report) == {"blocks"}
    assert report.level == "not-ready"
    (found,) = (each for each in report.steps if any(rule.startswith("invoke-") for rule in each.rules))
    assert found.code == "-fwasm-exceptions -sSUPPORT_LONGJMP=wasm"
    assert "refuses this module: it has three." in found.text


def test_without_the_module_the_form_of_the_command_is_said() -> None:
    report = judge(OF_INVOKES["case"])
    assert weights(report) == {"change"}
    assert step(report, "invoke-glue").code == "stackswitch reentrant MODULE --glue GLUE --invokes -o OUT"


@pytest.mark.parametrize("ran", [False, True])
def test_a_shared_stack_has_a_command(ran: bool) -> None:
    inputs = both() if ran else VerdictInputs("app")
    shared = replace(inputs, module=facts(shadow_stack="hidden"))
    report = judge(replace(shared, proposal=STACKS))
    assert step(report, "shared-stack").code == STACKS.command
    assert not any("hidden-stack-pointer" in each.rules for each in report.steps)
    report = judge(replace(shared, proposal=REFUSED))
    assert "stackswitch reentrant refuses this module: it has two." in step(report, "shared-stack").text
    assert "oneAtATime" in step(report, "shared-stack").code
    assert any("hidden-stack-pointer" in each.rules for each in report.steps)


def test_one_step_has_the_command_for_both() -> None:
    inputs = replace(OF_INVOKES["module"], module=facts(shadow_stack="reachable"), proposal=INVOKES)
    report = judge(inputs)
    assert [each.code for each in report.steps].count(INVOKES.command) == 1
    assert step(report, "shared-stack") is step(report, "invoke-imports")
