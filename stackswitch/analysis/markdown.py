"""An analysis as Markdown, and as text for a terminal, which has no escapes of Markdown in it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from stackswitch.reports.escape import markdown, markdown_code, on_one_line
from stackswitch.reports.text import shortened, some

from .facts import SOURCES, Analysis, Way

_MOST = 20
_MOST_TEXT = 2000
_MOST_NAME = 300
_CALLS = {"direct": "calls", "indirect": "calls through a table", "reference": "calls by a reference"}
_Table = tuple[str, Sequence[str], Sequence[Sequence[str]]]
_WIDEST = 100
"""Columns are padded to at most so many characters."""


@dataclass(frozen=True)
class _Form:
    """How text and names are written.

    ``plain``: a text on one line; ``code``: a name; ``width``: columns of the terminal, on which a table that
    is wider becomes a list.
    """

    plain: Callable[[str], str]
    code: Callable[[str], str]
    width: int | None = None


_MARKDOWN = _Form(lambda text: markdown(text, _MOST_TEXT), lambda name: markdown_code(name, _MOST_NAME))
_TERMINAL = _Form(on_one_line, lambda name: f"`{on_one_line(shortened(name, _MOST_NAME))}`")


def analysis_markdown(found: Analysis) -> str:
    """Write an analysis for a file; ends with a newline."""
    return "\n".join(_lines(found, _MARKDOWN)) + "\n"


def analysis_text(found: Analysis, width: int | None = None) -> str:
    """Write an analysis for a terminal, or for a pipe (``width`` None)."""
    return "\n".join(_lines(found, replace(_TERMINAL, width=width)))


def _lines(found: Analysis, form: _Form) -> Iterator[str]:
    yield f"# {form.plain(found.module)}"
    yield ""
    kind = "an Asyncify build, " if found.asyncified else ""
    yield (
        f"{kind}{found.functions} functions ({found.named} with a name), {_size(found.size_bytes)}, "
        f"{_size(found.code_bytes)} of it code"
    )
    for note in found.notes:
        yield f"Note: {form.plain(note)}."
    yield ""
    yield f"Imports that may suspend ({SOURCES[found.imports_from]}): {_some(found.imports, form) or 'none'}"
    if found.why is not None:
        yield from _why(found.why, form)
        return
    for title, head, rows in _tables(found, form):
        if rows:
            yield from ("", f"## {title}", "")
            yield from _table(form, head, rows)
    yield from _lists(found, form)
    yield from _obstacles(found, form)


def _tables(found: Analysis, form: _Form) -> Iterator[_Table]:
    """Give the tables: titles, headings and rows."""
    yield (
        "What each policy instruments",
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
    for first in found.left_out[:1]:
        yield (
            "How lists do on cases they were not computed from",
            ("policy", f"covers, of {first.cases} cases ({first.parts} parts left out in turn)"),
            [(each.policy, str(each.covered)) for each in found.left_out],
        )
    yield (
        "What the assertions remove or add",
        ("", "policy", "functions", "code"),
        [
            (f"{each.kind} {form.code(each.entry)}", on.policy, str(on.functions), _size(on.code_bytes))
            for each in found.assertions
            for on in each.policies
        ],
    )
    yield (
        "What adds most functions",
        ("all paths go through", "functions", "code", "which waits only by its call of"),
        [
            (
                form.code(each.through),
                str(each.functions),
                _size(each.code_bytes),
                form.code(each.callee) if each.callee else "",
            )
            for each in found.brings_in
        ],
    )
    yield (
        "What to test next",
        ("calls through a table, and was never observed to wait", "probability that it does", "would add"),
        [
            (form.code(each.function), f"{each.chance:.0%}", f"{each.brings} functions")
            for each in found.test_next
        ],
    )


def _obstacles(found: Analysis, form: _Form) -> Iterator[str]:
    if found.obstacles:
        yield from ("", "## Obstacles", "")
    for each in found.obstacles:
        more = f" (and {each.count - 1} more)" if each.count > 1 else ""
        yield f"- {each.backend}: {each.feature}: {form.plain(f'{each.text}: {each.where}')}{more}"


def _lists(found: Analysis, form: _Form) -> Iterator[str]:
    for checked in found.lists:
        yield from ("", f"## {checked.list}", "")
        yield f"{checked.entries} entries match {checked.functions} functions."
        for each in checked.findings[:_MOST]:
            yield f"- {form.plain(each.text)}"
        if len(checked.findings) > _MOST:
            yield f"- and {len(checked.findings) - _MOST} more"
    if found.seen is not None:
        yield ""
        if found.seen.missing:
            yield f"On a stack at a wait, and not listed: {_some(found.seen.missing, form)}"
        else:
            yield "Every function on a stack at a wait is listed."
        yield f"Listed, and on no stack: {found.seen.never_seen}"
    if found.build is not None:
        yield from ("", "## The build", "", f"{found.build.instrumented} functions are instrumented.")
        if found.build.not_listed:
            yield f"Instrumented, and not listed: {_some(found.build.not_listed, form)}"
        if found.build.not_instrumented:
            yield f"Listed, and not instrumented: {_some(found.build.not_instrumented, form)}"


def _why(way: Way, form: _Form) -> Iterator[str]:
    yield from ("", f"## Why {form.code(way.function)}", "")
    if not way.waits:
        yield "It leads to no import that may suspend: it need not be instrumented."
        return
    if way.reached:
        yield f"From the export {form.code(way.export or '')}, the shortest path:"
    else:
        yield "No export leads to it. The shortest path from it:"
    yield ""
    yield f"- {form.code((way.reached or way.waits)[0].function)}"
    for step in (*way.reached[1:], *way.waits[1:]):
        yield f"  - {_CALLS[step.kind]} {form.code(step.function)}"
    yield ""
    yield f"It is on {way.frames_seen} stacks of the trace." if way.frames_seen else "No trace shows it."


def _table(form: _Form, head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    cells = [list(head), *(list(row) for row in rows)]
    widths = [min(_WIDEST, max(len(row[at]) for row in cells)) for at in range(len(head))]
    if form.width is not None and sum(widths) + 3 * len(head) + 1 > form.width:
        for row in cells[1:]:
            yield f"- {row[0]}"
            yield from (f"    {name}: {cell}" for name, cell in zip(head[1:], row[1:], strict=True) if cell)
        return
    for number, row in enumerate(cells):
        yield "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        if number == 0:
            yield "|" + "|".join("-" * (width + 2) for width in widths) + "|"


def _some(names: Sequence[str], form: _Form) -> str:
    return some([form.plain(shortened(each, _MOST_NAME)) for each in names], _MOST)


def _size(size_bytes: int) -> str:
    return f"{size_bytes / 1e6:.2f} MB" if size_bytes >= 1e6 else f"{size_bytes / 1e3:.1f} kB"
