"""What ``fix`` shows and writes."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import unified_diff
from pathlib import Path

from stackswitch.errors import OutputError
from stackswitch.fix.report import PROVED, VERDICTS, FixReport, ListCoverage
from stackswitch.fix.sources import ListSource
from stackswitch.reports.text import counted
from stackswitch.reports.trace_use import summed

from .console import Console
from .output import check_writable, write_output
from .trace_uses import show_uses

_MOST_NAMES = 20


def write_lists(sources: Sequence[ListSource], written: dict[Path, bytes] | None = None) -> bool:
    """Write the files that change, each whole or not at all; none, if one was edited by others meanwhile.

    :param written: what we have written so far, by file; updated
    :raises OutputError: a file has changed since it was read, or cannot be written
    """
    ours = {} if written is None else written
    changed = [each for each in sources if ours.get(each.path, each.before) != each.data]
    for source in changed:
        current = source.path.read_bytes() if source.path.is_file() else None
        if current != ours.get(source.path, source.before):
            raise OutputError(
                f"{source.path}: has changed while the suite ran; nothing was written: run again"
            )
    check_writable([str(each.path) for each in changed])
    for source in changed:
        write_output(str(source.path), source.data)
        ours[source.path] = source.data
    return any(each.changed for each in sources)


def show_diff(console: Console, source: ListSource) -> None:
    """Show what changes in a file."""
    path = _relative(source.path)
    before, after = ((data or b"").decode("utf-8") for data in (source.before, source.data))
    for line in unified_diff(
        before.splitlines(keepends=True),
        after.splitlines(keepends=True),
        f"a/{path}",
        f"b/{path}",
    ):
        style = {"+": "green", "-": "red", "@": "cyan"}.get(line[0], "")
        console.print(line.rstrip("\n"), style=style, wrap=False)


def _relative(path: Path) -> str:
    """Return the path from the current folder, as `patch -p1` and `git apply` need it."""
    try:
        return path.absolute().relative_to(Path.cwd()).as_posix()
    except ValueError:
        return path.as_posix().lstrip("/")


def show_report(console: Console, report: FixReport, *, written: bool, check: bool) -> None:
    """Show the report."""
    for edit in report.edits:
        console.print(f"{edit.path}: {edit.list}", style="bold")
        for sign, names, style in (("+", edit.added, "green"), ("-", edit.removed, "red")):
            for name in names[:_MOST_NAMES]:
                cases = edit.needed_by.get(name, ())
                more = f" and {len(cases) - 1} more" if len(cases) > 1 else ""
                where = f"  (observed in {cases[0]}{more})" if cases else ""
                console.print(f"  {sign} {name}{where}", style=style)
            if len(names) > _MOST_NAMES:
                console.print(f"  {sign} {len(names) - _MOST_NAMES} more", style=style)
    edited = {edit.path for edit in report.edits if edit.list == "ASYNCIFY_ONLY"}
    for choice in report.policies:
        if choice.path in edited:
            console.print(f"{choice.path}: computed by {choice.policy}: {choice.reason}", style="dim")
    for assertion in report.assertions:
        does = "removes" if assertion.kind == "never" else "adds"
        console.print(
            f"{assertion.kind} {assertion.entry}: {does} {counted(assertion.functions, 'function')}, "
            f"{counted(assertion.bytes, 'byte')} of code",
        )
    for each in report.confidence:
        console.print(_trust(each), style="dim")
    for note in report.notes:
        console.message(f"note: {note}")
    _show_traces(console, report)
    style = "bold green" if report.verdict in PROVED else "bold red"
    console.print(VERDICTS[report.verdict] + _circumstances(report, check=check), style=style)
    if report.reason and report.verdict != "falls-short":
        for line in report.reason.splitlines():
            console.print(f"  {line}")
    if report.changed and not check and not written:
        console.print("nothing was written", style="yellow")


def _show_traces(console: Console, report: FixReport) -> None:
    """Show how the lines of the traces were used, and the traps that no list prevents."""
    show_uses(console, report.traces)
    for trap in report.traps[:_MOST_NAMES]:
        often = f" ({counted(trap.count, 'time')})" if trap.count > 1 else ""
        console.print(f"{trap.trace}: {trap.error}: {trap.message}{often}", style="red")
        console.print(f"  {trap.why}")
    if len(report.traps) > _MOST_NAMES:
        console.print(f"{len(report.traps) - _MOST_NAMES} more traps that no name fixes, in the JSON report")


def _trust(found: ListCoverage) -> str:
    ways = f"in {found.groups} parts" if found.groups else "each"
    worst = next(iter(found.uncovered), None)
    lost = f"; only {worst} shows {', '.join(found.uncovered[worst][:3])}" if worst is not None else ""
    before = f"the old list covers {found.before} of {found.cases} cases that wait; " * bool(found.before)
    others = "with the names of the others it covers" if found.before else "a list from the others covers"
    return (
        f"{found.path}: {before}leaving its cases out in turn ({ways}), {others} "
        f"{found.covered} of {found.cases} that wait{lost}"
    )


def _circumstances(report: FixReport, *, check: bool) -> str:
    """Say in counts what the verdict was reached by; each part is there only where it applies."""
    good = sum(each.as_expected for each in report.results)
    names = sum(len(each.added) for each in report.edits)
    parts = []
    if check and names:
        parts.append(f"{counted(names, 'name')} {'is' if names == 1 else 'are'} missing")
    if report.results:
        parts.append(f"{good} of {counted(len(report.results), 'case')} as expected on Asyncify")
    if report.modules:
        functions, stacks = (
            sum(getattr(each, of) for each in report.modules) for of in ("functions", "stacks")
        )
        parts.append(f"{counted(functions, 'function')} on {counted(stacks, 'stack')}")
    if report.traces:
        parts.append(summed(report.traces))
    if not check:
        parts.append(f"in {counted(report.rounds, 'round')}" if report.changed else "no list changed")
    parts.append(f"{report.duration_s:.1f} s")
    return f": {', '.join(parts)}"
