"""The sentence that gives the reason of a verdict."""

from __future__ import annotations

from dataclasses import replace

import pytest

from stackswitch.models.trace_use import TraceUse
from stackswitch.readiness.verdict import judge
from stackswitch.readiness.verdict_inputs import VerdictInputs

from .conftest import both, engine, result, stack, trapped, unused

ALONE = VerdictInputs("app", results=(result("asyncify"),))
SKIPPED = VerdictInputs(
    "app", results=(result("asyncify"), result("jspi", "skipped", detail="no such engine"))
)
TRACED = VerdictInputs("app", suspensions={"": (stack("leaf", "main"),)})
TWO_TRACES = (TraceUse(trace="a", lines=2, used=2), TraceUse(trace="b", lines=2, used=2))
HUNG = both(jspi="hung")
BY_FLAG = engine("with-flags", ("--flag",)).engines
WORKS = "1 of 1 cases work on JSPI as they are"


@pytest.mark.parametrize(
    ("inputs", "headline"),
    [
        (VerdictInputs("app"), "No case was run on JSPI."),
        (both(), f"{WORKS}; 1 of 1 engines can run it."),
        (
            both("trapped", "trapped"),
            "0 of 1 cases work on JSPI as they are, 1 fails there as it should; 1 of 1 engines can run it.",
        ),
        # Nothing ran on JSPI: there is no count of what worked there.
        (ALONE, "1 case was not run on JSPI."),
        (SKIPPED, "1 case was not run on JSPI: no such engine."),
        # A trace shows what no case shows.
        (TRACED, "1 wait went well on JSPI, none was refused."),
        (replace(TRACED, uses=TWO_TRACES), "1 wait of 2 traces went well on JSPI, none was refused."),
        (
            replace(ALONE, suspensions=TRACED.suspensions),
            "1 wait went well on JSPI, none was refused; 1 case was not run on JSPI.",
        ),
        # The first finding that is not silenced is the reason.
        (
            HUNG,
            "0 of 1 cases work on JSPI as they are; "
            "the obstacle: 1 case works on Asyncify and ends as hung on JSPI.",
        ),
        (
            replace(HUNG, silence={"jspi-fails": "we know"}),
            "0 of 1 cases work on JSPI as they are; the obstacle: none of 1 engines can run it on JSPI.",
        ),
        # What has to change is named where no case is counted.
        (
            replace(TRACED, engines=BY_FLAG),
            "1 wait went well on JSPI, none was refused; to change: node 22.1.0: JSPI works with --flag; "
            "1 of 1 engines can run it.",
        ),
        (replace(both(), engines=BY_FLAG), f"{WORKS}; 2 of 2 engines can run it."),
        (
            replace(TRACED, traps=trapped("SuspendError", "not-exported").traps),
            "1 wait went well on JSPI, 1 suspension was refused; "
            "to change: in the traces, a suspension was refused: .",
        ),
        (
            replace(TRACED, uses=unused("no-name").uses),
            "1 wait of 1 trace went well on JSPI, none was refused; t.jsonl: 1 line not used, "
            "or in part only: "
            "recorded on another build, and a function on the stack is not in the module by that name (mid); "
            "incomplete: 1 line of the traces was not used, or in part only.",
        ),
    ],
)
def test_a_headline(inputs: VerdictInputs, headline: str) -> None:
    assert judge(inputs).headline == headline
