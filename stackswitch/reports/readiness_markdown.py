"""The readiness report as Markdown that fits a GitHub comment, and so a job summary too."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from stackswitch.models.readiness import LEVELS, STATUSES, Level, Report

from .charts import waits_by_case
from .escape import markdown as plain
from .escape import markdown_block
from .escape import markdown_code as code
from .text import amount, counted, shortened, some
from .trace_use import incomplete, summed, unused_line, use_line

LIMIT = 65_536
"""Characters that a comment on GitHub may have; a job summary may have 1 MiB. Source: GitHub's
documentation.
"""
_ICONS: dict[Level, str] = {
    "ready": "🟢",
    "ready-with-changes": "🟡",
    "not-ready": "🔴",
    "unknown": "⚪",
}
_FEW = 5
_CUT = "\n\n*Cut here: this is as much as a comment may hold. The HTML and JSON reports have the rest.*\n"


def readiness_markdown(report: Report, limit: int = LIMIT) -> str:
    """Write the report; ends with a newline, and is never longer than ``limit`` characters.

    Parts that are too long are shortened, and say so.
    """
    for most in (200, 50, 12, 3):
        text = "\n".join(_lines(report, most)) + "\n"
        if len(text) <= limit:
            return text
    kept = text[: limit - len(_CUT)].rpartition("\n")[0]
    return kept + ("\n```" if kept.count("```") % 2 else "") + _CUT


def _lines(report: Report, most: int) -> Iterator[str]:
    verdict = LEVELS[report.level] + ("" if report.level == "unknown" else " for JSPI")
    yield f"## {_ICONS[report.level]} {plain(report.title)}: {verdict}"
    yield ""
    yield plain(report.headline, 600)
    for part in (_modules, _traces, _cases, _steps, _engines, _lists, _gain, _changes, _findings):
        yield from part(report, most)
    if report.made_at or report.made_with:
        yield ""
        yield f"<sub>{plain(' '.join(filter(None, [report.made_at, report.made_with])))}</sub>"


def _modules(report: Report, most: int) -> Iterator[str]:
    if not report.modules:
        return
    yield from ("", "### Modules", "")
    for each in report.modules[:most]:
        yield f"- {_ICONS[each.level]} {code(each.name)}: {LEVELS[each.level]}. {plain(each.headline, 400)}"
        for derived in each.lists:
            if derived.derived:
                names = ", ".join(code(name) for name in derived.derived[: min(most, 60)])
                yield f"  - {code(derived.list)}, for what was seen: {names}"
                if len(derived.derived) > min(most, 60):
                    yield f"    and {len(derived.derived) - min(most, 60)} more"
    yield from _rest(report.modules, most)


def _traces(report: Report, most: int) -> Iterator[str]:
    """Say how much of each trace was used; of many traces, only those with unused lines."""
    if not report.traces:
        return
    yield from ("", f"Traces: {summed(report.traces)}.", "")
    for each in (report.traces if len(report.traces) <= _FEW else incomplete(report.traces))[:most]:
        yield f"- {plain(use_line(each))}"
        for unused in each.unused:
            yield f"  - {plain(unused_line(unused))}"
        for message in each.says[:_FEW]:
            yield f"  - the recorder says: {plain(message)}"


def _cases(report: Report, most: int) -> Iterator[str]:
    if not report.cases:
        return
    yield from ("", "### Cases", "", "| | cases |", "|---|---:|")
    for status, words in STATUSES.items():
        if report.statuses.get(status):
            yield f"| {words} | {report.statuses[status]} |"
    yield from ("", "| where | work |", "|---|---:|")
    for run in report.runs:
        yield f"| {plain(run.name)} | {run.count.replace(' work', '', 1)} |"
    other = [each for each in report.cases if each.status not in ("both", "as-meant")]
    if other:
        yield from (
            "",
            f"<details><summary>{counted(len(other), 'case')} that do not work on both</summary>",
            "",
        )
        yield from ("| case | | why |", "|---|---|---|")
        for each in other[:most]:
            yield f"| {plain(each.case_id, 120)} | {STATUSES[each.status]} | {plain(each.why, 160)} |"
        yield from _rest(other, most)
        yield from ("", "</details>")


def _rest(what: Sequence[object], most: int) -> Iterator[str]:
    if len(what) > most:
        yield ""
        yield f"and {len(what) - most} more"


def _steps(report: Report, most: int) -> Iterator[str]:
    if not report.steps:
        return
    yield from ("", "### What to do, in order", "")
    for number, step in enumerate(report.steps, 1):
        text = f": {plain(step.text, 500)}" if step.text else ""
        yield f"{number}. [ ] **{plain(step.title)}**{text}"
        if step.code:
            lines = markdown_block(step.code).splitlines()
            fence = "`" * max(3, *(len(each) + 1 for each in re.findall("`+", step.code)), 3)
            kept = [shortened(each, 2000) for each in lines[: max(most, 12)]]
            yield from ("", f"   {fence}{step.language if step.language in ('sh', 'js') else ''}")
            yield from (f"   {each}" for each in kept)
            yield from (f"   {fence}", "")


def _engines(report: Report, most: int) -> Iterator[str]:
    if report.engines:
        yield from ("", "### Engines", "", "| engine | JSPI | why | falls back on |", "|---|---|---|---|")
        for each in report.engines[:most]:
            flags = f" {code(' '.join(each.flags))}" if each.flags else ""
            icon = _ICONS[each.level]
            yield (
                f"| {plain(each.name)} | {icon} {LEVELS[each.level]} | {plain(each.why, 160)}{flags} "
                f"| {plain(each.fallback)} |"
            )
        yield from _rest(report.engines, most)
    if report.users is not None:
        yield ""
        query, data = code(report.users.query), plain(report.users.data)
        yield f"{report.users.share:.1f}% of the use in {query} has JSPI ({data})."


def _lists(report: Report, most: int) -> Iterator[str]:
    if not report.lists and not report.confidence:
        return
    yield from ("", "### Lists", "")
    for each in report.lists:
        counts = (("missing", each.missing), ("stale", each.stale), ("seen to be needed", each.derived))
        words = "; ".join(f"{len(names)} {what}" for what, names in counts if names)
        yield f"- {code(each.list)}: {words or 'nothing seen is missing'}"
        for heading, names in (("missing", each.missing), ("stale", each.stale)):
            if names:
                yield f"  - {heading}: {some(list(map(code, names)), min(most, 60))}"
    for confidence in report.confidence:
        yield (
            f"- a list computed as “{plain(confidence.policy)}” ({counted(confidence.functions, 'function')})"
            f" covers {confidence.covered:.0%} of the cases left out"
        )
    if report.test_next:
        shown = ", ".join(code(function) for function, _, _ in report.test_next[:5])
        yield f"- to test next, the likeliest to wait first: {shown}"


def _gain(report: Report, most: int) -> Iterator[str]:
    del most
    if report.gain is None:
        return
    yield from ("", "### What it gains")
    if report.gain.measures:
        yield from ("", "| | plain | Asyncify | Asyncify / plain |", "|---|---:|---:|---:|")
    for each in report.gain.measures:
        spread = f" ({each.ratio.low:.2f} to {each.ratio.high:.2f})" if each.ratio.count > 1 else ""
        yield (
            f"| {plain(each.what)} | {amount(each.plain.median, each.unit)} "
            f"| {amount(each.asyncify.median, each.unit)} | {each.ratio.median:.2f}{spread} |"
        )

    waits = waits_by_case(report.gain)
    if waits:
        hosts = list(dict.fromkeys(each.host for of in waits.values() for each in of))
        yield from ("", f"What a wait costs, µs ({plain(report.gain.waits_on)}):", "")
        yield f"| | {' | '.join(map(plain, hosts))} |"
        yield f"|---|{'---:|' * len(hosts)}"
        for case, of in waits.items():
            by_host = {each.host: amount(each.median, "us").removesuffix(" µs") for each in of}
            yield f"| {plain(case)} | {' | '.join(by_host.get(host, '') for host in hosts)} |"


def _changes(report: Report, most: int) -> Iterator[str]:
    if not report.compared_with:
        return
    yield from ("", f"### Since {plain(report.compared_with)}", "")
    if not report.changes:
        yield "Nothing is otherwise than it was."
    for each in report.changes[:most]:
        icon = {True: "🟢", False: "🔴", None: "⚪"}[each.better]
        yield f"- {icon} {plain(each.subject)}: {plain(each.before)} → {plain(each.after)}"
    yield from _rest(report.changes, most)


def _findings(report: Report, most: int) -> Iterator[str]:
    if not report.findings:
        return
    yield from ("", f"<details><summary>{counted(len(report.findings), 'finding')}</summary>", "")
    for each in report.findings[:most]:
        weight = f"silenced: {plain(each.silenced)}" if each.silenced else each.weight
        yield f"- **{plain(each.text)}** ({code(each.rule)}, {weight}). {plain(each.mend, 500)}"
    yield from _rest(report.findings, most)
    yield from ("", "</details>")
