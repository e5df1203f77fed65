"""What has changed since an earlier report."""

from __future__ import annotations

import pytest

from stackswitch.models.readiness import CaseStatus, Report
from stackswitch.readiness.compare import compared
from stackswitch.readiness.verdict import judge
from stackswitch.readiness.verdict_inputs import VerdictInputs

from .conftest import both, engine, facts

RANKS: list[set[CaseStatus]] = [
    {"neither", "silently-wrong"},
    {"flaky", "asyncify-only"},
    {"one-backend"},
    {"needs-list"},
    {"jspi-only"},
    {"as-meant", "both"},
]
STATUSES: list[tuple[int, CaseStatus]] = [
    (rank, each) for rank, of in enumerate(RANKS) for each in sorted(of)
]


@pytest.mark.parametrize(("rank", "before"), STATUSES)
def test_whether_a_case_got_better(rank: int, before: CaseStatus) -> None:
    report = judge(both())
    old = report.model_copy(update={"cases": (report.cases[0].model_copy(update={"status": before}),)})
    for other, after in STATUSES:
        new = report.model_copy(update={"cases": (report.cases[0].model_copy(update={"status": after}),)})
        changes = compared(new, old, "x").changes
        better = None if other == rank else other > rank
        assert [each.better for each in changes] == ([] if before == after else [better])


def told(new: Report, old: Report) -> dict[str, tuple[str, str, bool | None]]:
    """The changes by their subject."""
    return {each.subject: (each.before, each.after, each.better) for each in compared(new, old, "x").changes}


def test_what_changed_beside_cases() -> None:
    module = facts(sha256="cd" * 32, size_bytes=2000, named=0)
    old = judge(VerdictInputs("app", module=facts(), engines=engine("yes").engines))
    new = judge(VerdictInputs("app", module=module, engines=engine("no").engines))
    assert told(new, old) == {
        "the verdict": ("not known yet", "not ready", False),
        "no-jspi node 22.1.0": ("did not apply", "applies", False),
        "nowhere": ("did not apply", "applies", False),
        "no-names": ("did not apply", "applies", False),
        "node 22.1.0": ("ready", "not ready", False),
        "the module": ("1,000 bytes", "2,000 bytes", None),
    }
    subjects = [each.subject for each in compared(new, old, "x").changes]
    assert subjects == ["the verdict", *sorted(subjects[1:4]), "node 22.1.0", "the module"]
    assert told(old, new)["no-names"] == ("applied", "does not", True)
    assert compared(new, old, "old.json").compared_with == "old.json"
    assert compared(old.model_copy(update={"module": None}), old, "x").changes == ()
    # What is about a case shows in the case.
    hung = told(judge(both(jspi="hung")), judge(both()))
    assert "a/case" in hung
    assert not any("jspi-fails" in each for each in hung)


def test_a_history_has_an_end() -> None:
    report = judge(both())
    points = tuple(report.point.model_copy(update={"made_at": str(at)}) for at in range(200))
    history = compared(report, report.model_copy(update={"history": points, "made_at": "last"}), "x").history
    assert [len(history), history[0].made_at, history[-1].made_at] == [200, "1", "last"]
