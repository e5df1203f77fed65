"""Findings of a run, for people and for CI: text, Markdown, JUnit, annotations."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from junitparser import Failure, Skipped, TestCase, TestSuite

from stackswitch.models.finding import SEVERITIES, FindingStack, Severity, TraceFinding

from .annotations import Annotation, Command
from .escape import markdown as plain
from .escape import markdown_block, xml
from .escape import markdown_code as code
from .junit import junit_file
from .text import counted, some

MOST_NAMED = 5
"""Names that the text of a finding holds; more are in a line of their own."""
_MOST_FRAMES = 12
_MOST_NAMES = 20
_PLACE = re.compile(r"\((?:file://)?(?P<file>/[^)]*?):(?P<line>\d+)(?::\d+)?\)$")
_COMMANDS: dict[Severity, Command] = {"error": "error", "warning": "warning", "note": "notice"}


def by_severity(findings: Sequence[TraceFinding]) -> list[TraceFinding]:
    """Return findings, the most severe first; silenced ones last."""
    return sorted(findings, key=lambda each: (bool(each.silenced), SEVERITIES.index(each.severity)))


def fails(findings: Sequence[TraceFinding], severity: Severity) -> bool:
    """Whether one that counts is so severe, or more."""
    limit = SEVERITIES.index(severity)
    return any(each.counts and SEVERITIES.index(each.severity) <= limit for each in findings)


def head(finding: TraceFinding) -> str:
    """Return a finding in one line: ``error: missing-function: …``."""
    times = f" ({counted(finding.count, 'time')})" if finding.count > 1 else ""
    return f"{finding.severity}: {finding.rule}: {finding.text}{times}"


def details(finding: TraceFinding) -> Iterator[str]:
    """Give the lines below the head: why it does not count, names, place, stacks, numbers, what to do."""
    if finding.silenced:
        yield f"silenced: {finding.silenced}"
        return
    if finding.caused_by:
        yield f"explained by {finding.caused_by}"
    for which, names in finding.names.items():
        if len(names) > MOST_NAMED:
            yield f"{which}: {some(names, _MOST_NAMES)}"
    if finding.call_site:
        yield f"JavaScript: {finding.call_site}"
    for each in finding.stacks:
        yield f"{each.label}: {stack_line(each)}"
    yield f"fix: {finding.fix}"


def stack_line(stack: FindingStack) -> str:
    """Return a stack in one line, innermost first; of a deep one both ends."""
    names = [stack.import_] if stack.import_ else []
    names += [name for _, _, name in stack.frames]
    if len(names) > _MOST_FRAMES:
        half = _MOST_FRAMES // 2
        names = [*names[:half], f"… {len(names) - _MOST_FRAMES} more …", *names[-half:]]
    return " ← ".join(names)


def findings_markdown(findings: Sequence[TraceFinding], unseen: Sequence[str]) -> str:
    """Return the findings as Markdown for a comment or a job summary.

    :param unseen: what the trace lacks
    """
    count = sum(each.counts for each in findings)
    lines = [f"### stackswitch: {counted(count, 'finding')}", ""]
    lines += [f"- **incomplete**: {plain(each, 500)}" for each in unseen]
    for each in by_severity(findings):
        lines += [f"- **{each.severity}** {code(each.rule)}: {plain(each.text, 500)}", ""]
        lines += ["  ```text", *(f"  {markdown_block(line)}" for line in details(each)), "  ```", ""]
    return "\n".join(lines)


def findings_junit(findings: Sequence[TraceFinding], name: str, unseen: Sequence[str], *, ran: bool) -> bytes:
    """Return a JUnit report: a test for each finding that fails with it; one that passes if there is none.

    :param name: of the test suite: the command
    :param unseen: what the trace lacks: a test that is skipped
    :param ran: whether a program was observed; if not, that test fails
    """
    tests = []
    if unseen:
        text = xml("\n".join(unseen))
        complete = TestCase(name="the trace is complete", classname="stackswitch.trace")
        complete.result = [Skipped(text) if ran else Failure(text, "error")]
        tests.append(complete)
    for each in by_severity(findings):
        where = each.import_ or each.export
        test = TestCase(name=xml(f"{each.rule} {where}".rstrip()), classname="stackswitch.trace")
        text = xml("\n".join([head(each), *details(each)]))
        if each.counts:
            fault = Failure(xml(each.text), each.severity)
            fault.text = text
            test.result = [fault]
        else:
            test.result = [Skipped(text)]
        tests.append(test)
    suite = TestSuite(xml(name))
    suite.add_testcases(tests or [TestCase(name="no findings", classname="stackswitch.trace")])
    return junit_file([suite])


def finding_annotations(findings: Sequence[TraceFinding], folder: Path) -> Iterator[Annotation]:
    """Give the findings as annotations, at the JavaScript concerned if it is a file below a folder."""
    for each in by_severity(findings):
        if each.silenced:
            continue
        file, line = place_in(each.call_site, folder)
        yield Annotation(_COMMANDS[each.severity], each.rule, f"{each.text}. {each.fix}", file, line)


def place_in(call_site: str, folder: Path) -> tuple[str, int]:
    """Return the file, relative to a folder, and the line of a JavaScript frame; empty: it is not below."""
    found = _PLACE.search(call_site)
    if found is None:
        return "", 1
    try:
        return str(Path(found["file"]).relative_to(folder)), int(found["line"])
    except ValueError:
        return "", 1
