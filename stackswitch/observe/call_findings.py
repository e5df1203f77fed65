"""What the calls of a process show to be wrong: overlap, calls that did not return, the protocol: pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from stackswitch.models.finding import FindingStack, TraceFinding
from stackswitch.models.trace import TraceSuspension

from .findings import stack_of
from .parts import Part
from .rules import finding

Stacks = Mapping[int, TraceSuspension]
"""The stacks of a part, by their numbers there."""


def find_in_calls(part: Part, stacks: Stacks, *, trapped: bool) -> Iterator[TraceFinding]:
    """Give the findings of one process or worker.

    :param trapped: whether WebAssembly trapped there
    """
    overlaps = [each for each in part.events if each["kind"] == "overlap"]
    pending = [each for each in part.events if each["kind"] == "pending"]
    overwritten = [each for each in part.events if each["kind"] == "overwritten"]
    lost = bool(pending or overwritten or trapped)
    for each in overlaps:
        first, second = (_stack(stacks, each[which], f"{which} call") for which in ("first", "second"))
        how = "one of them did not return" if lost else "both were brought back"
        yield finding(
            "re-entered",
            f"a call waits while another one on the same instance waits; {how}",
            severity="error" if lost else "note",
            **_place(part, stacks, each["second"]),
            stacks=tuple(each for each in (first, second) if each is not None),
        )
    for each in overwritten:
        yield _of(
            part, stacks, "saved-stack-overwritten", "a saved stack was overwritten before it was used", each
        )
    for each in pending if not overlaps else ():
        severity = "warning" if each["idle"] else "note"
        why = "and nothing was left to do" if each["idle"] else "by itself or by an error"
        text = f"a call was still suspended when the program ended, {why}"
        yield _of(part, stacks, "pending-at-exit", text, each, severity=severity)
    for each in part.events:
        if each["kind"] == "protocol":
            yield _of(part, stacks, "protocol", f"{each['step']}: {each['problem']}", each)
        elif each["kind"] == "unfinished":
            text = f"an instance was still {each['state']} when the process ended"
            yield _of(part, stacks, "protocol", text, {"stack": None})


def _of(
    part: Part, stacks: Stacks, rule: str, text: str, event: Mapping[str, Any], **more: object
) -> TraceFinding:
    stack = _stack(stacks, event["stack"], "the wait")
    shown = () if stack is None else (stack,)
    return finding(
        rule, text, backend="asyncify", **_place(part, stacks, event["stack"]), stacks=shown, **more
    )


def _stack(stacks: Stacks, number: int | None, label: str) -> FindingStack | None:
    found = None if number is None else stacks.get(number)
    return None if found is None else stack_of(found, label)


def _place(part: Part, stacks: Stacks, number: int | None) -> dict[str, Any]:
    """Return the fields that say where a finding is."""
    place: dict[str, Any] = {"process": part.process, "thread": part.thread}
    found = None if number is None else stacks.get(number)
    if found is not None:
        place |= {
            "module": found.module,
            "import_": found.import_,
            "export": found.export,
            "call_site": found.call_site,
        }
    return place
