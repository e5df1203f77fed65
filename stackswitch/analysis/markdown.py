"""An analysis as Markdown, which is also what people read on a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from .facts import SOURCES, Analysis, Way, WayStep

_MOST = 20


def analysis_markdown(found: Analysis) -> str:
    """Write an analysis; ends with a newline."""
    return "\n".join(_lines(found)) + "\n"


def _lines(found: Analysis) -> Iterator[str]:
    yield f"# {found.module}"
    yield ""
    kind = "an Asyncify build, " if found.asyncified else ""
    yield (
        f"{kind}{found.functions} functions ({found.named} with a name), {_size(found.size_bytes)}, "
        f"{_size(found.code_bytes)} of it code"
    )
    for note in found.notes:
        yield f"Note: {note}."
    yield ""
    yield f"Imports that may suspend ({SOURCES[found.imports_from]}): {_some(found.imports) or 'none'}"
    if found.why is not None:
        yield from _why(found.why)
        return
    if found.policies:
        yield from ("", "## What each policy instruments", "")
        yield from _table(
            ("policy", "functions", "code", "share of code", "size, about"),
            [
                (
                    each.policy,
                    str(each.functions),
                    _size(each.code_bytes),
                    f"{each.code_share:.1%}",
                    f"{each.predicted_size_bytes / found.size_bytes:.2f} times",
                )
                for each in found.policies
            ],
        )
    if found.left_out:
        yield from ("", "## How lists do on cases they were not drawn from", "")
        of = found.left_out[0]
        yield from _table(
            ("policy", f"covers, of {of.cases} cases ({of.parts} parts left out in turn)"),
            [(each.policy, str(each.covered)) for each in found.left_out],
        )
    if found.assertions:
        yield from ("", "## What the assertions save or cost", "")
        yield from _table(
            ("", "policy", "functions", "code"),
            [
                (f"{each.kind} {_code(each.entry)}", on.policy, str(on.functions), _size(on.code_bytes))
                for each in found.assertions
                for on in each.policies
            ],
        )
    if found.brings_in:
        yield from ("", "## What brings in most", "")
        yield from _table(
            ("all ways go through", "functions", "code", "which waits only by its call of"),
            [
                (_code(each.through), str(each.functions), _size(each.code_bytes), _code(each.callee or ""))
                for each in found.brings_in
            ],
        )
    if found.test_next:
        yield from ("", "## What to test next", "")
        yield from _table(
            ("calls through a table, and was never seen waiting", "chance that it does", "would bring"),
            [
                (_code(each.function), f"{each.chance:.0%}", f"{each.brings} functions")
                for each in found.test_next
            ],
        )
    yield from _lists(found)
    if found.obstacles:
        yield from ("", "## What stands in the way", "")
        for each in found.obstacles:
            more = f" (and {each.count - 1} more)" if each.count > 1 else ""
            yield f"- {each.backend}: {each.feature}: {each.text}: {each.where}{more}"


def _lists(found: Analysis) -> Iterator[str]:
    for held in found.lists:
        yield from ("", f"## {held.list}", "")
        yield f"{held.entries} entries stand for {held.functions} functions."
        for each in held.findings[:_MOST]:
            yield f"- {each.text}"
        if len(held.findings) > _MOST:
            yield f"- and {len(held.findings) - _MOST} more"
    if found.seen is not None:
        yield ""
        if found.seen.missing:
            yield f"Seen on a stack at a wait, and not listed: {_some(found.seen.missing)}"
        else:
            yield "All that was seen on a stack at a wait is listed."
        yield f"Listed, and never seen there: {found.seen.never_seen}"
    if found.build is not None:
        yield from ("", "## The build", "", f"{found.build.instrumented} functions are instrumented.")
        if found.build.not_listed:
            yield f"Instrumented, and not listed: {_some(found.build.not_listed)}"
        if found.build.not_instrumented:
            yield f"Listed, and not instrumented: {_some(found.build.not_instrumented)}"


def _why(way: Way) -> Iterator[str]:
    yield from ("", f"## Why {way.function}", "")
    if not way.waits:
        yield "It leads to no import that may suspend: it need not be instrumented."
        return
    if way.reached:
        yield f"From the export {_code(way.export or '')}, the shortest way:"
    else:
        yield "No export leads to it; from itself on:"
    yield ""
    yield f"- {_code((way.reached or way.waits)[0].function)}"
    for step in (*way.reached[1:], *way.waits[1:]):
        yield f"  - {_how(step)} {_code(step.function)}"
    yield ""
    yield f"Seen on {way.frames_seen} stacks of the trace." if way.frames_seen else "No trace shows it."


def _how(step: WayStep) -> str:
    return {"direct": "calls", "indirect": "calls through a table", "reference": "calls by a reference"}[
        step.kind
    ]


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    cells = [list(head), *([each.replace("|", "\\|") for each in row] for row in rows)]
    widths = [max(len(row[at]) for row in cells) for at in range(len(head))]
    for number, row in enumerate(cells):
        yield "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        if number == 0:
            yield "|" + "|".join("-" * (width + 2) for width in widths) + "|"


def _code(name: str) -> str:
    return f"`{name}`" if name else ""


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_MOST])
    return f"{shown} and {len(names) - _MOST} more" if len(names) > _MOST else shown


def _size(size_bytes: int) -> str:
    return f"{size_bytes / 1e6:.2f} MB" if size_bytes >= 1e6 else f"{size_bytes / 1e3:.1f} kB"
