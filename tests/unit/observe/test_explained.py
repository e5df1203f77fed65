"""Which findings another one explains."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from stackswitch.models.finding import TraceFinding
from stackswitch.observe.findings import explained
from stackswitch.observe.rules import finding


def of(rule: str, module: str = "", process: int | None = 7, **more: object) -> TraceFinding:
    return finding(rule, "text", module=module, process=process, **more)


LACKS = of("missing-function", "a", None)


@pytest.mark.parametrize(
    ("findings", "severities"),
    [
        ([LACKS, of("re-entered", "a")], ["error", "note"]),
        ([LACKS, of("re-entered", "b")], ["error", "error"]),
        ([LACKS, of("protocol")], ["error", "note"]),
        ([LACKS, of("promise-to-number", "a")], ["error", "error"]),
        ([of("re-entered", "a"), of("protocol")], ["error", "note"]),
        ([of("re-entered", "a"), of("protocol", process=8)], ["error", "error"]),
        ([of("re-entered", "a", severity="note"), of("protocol")], ["note", "error"]),
        (
            [of("mixed-stack-conventions", "a", severity="note"), of("shared-c-stack", "a")],
            ["note", "note"],
        ),
        ([of("mixed-stack-conventions", "a"), of("shared-c-stack", "a")], ["warning", "error"]),
        (
            [of("mixed-stack-conventions", "a", severity="note"), of("shared-c-stack", "b")],
            ["note", "error"],
        ),
    ],
)
def test_a_consequence_is_a_note_where_its_cause_is(
    findings: Sequence[TraceFinding], severities: list[str]
) -> None:
    assert [each.severity for each in explained(findings)] == severities
