"""Formats the report as one HTML file that needs no network."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from stackswitch.models.picture import FunctionState
from stackswitch.models.readiness import (
    LEVELS,
    STATUSES,
    CaseStatus,
    Level,
    Report,
    Weight,
)

from .charts import bars, coverage, trend, wait_bars, waits_by_case
from .escape import html
from .page_data import page_data
from .text import amount, counted, shortened, size
from .trace_use import summed, unused_line, use_line

_TEMPLATES = Path(__file__).parent / "templates"
_SCRIPTS = ("page", "dialogs", "table", "call-tree-model", "call-tree-view", "call-paths")
"""Files of ``templates/report``, in the order in which they run."""
MOST_PRINTED = 300
"""How many cases are in the printed list; the page on a screen has all."""
MOST_NAMES = 400
_WORTH_SAYING = 1.02
"""From this ratio of the sizes of both builds, it is a figure at the top."""
_WEIGHTS: dict[Weight, str] = {
    "blocks": "in the way",
    "change": "to change",
    "unknown": "not known",
    "note": "to know",
}
_STATES: dict[FunctionState, str] = {
    "instrumented": "instrumented",
    "missing": "missing",
    "not-needed": "instrumented, never seen at a wait",
    "seen": "seen at a wait",
    "possible": "possible by the code, never seen",
    "import": "import that waits",
}
_ICONS: dict[Level, str] = {
    "ready": "M4 12.5l5.2 5.2L20 7",
    "ready-with-changes": "M5 12h14M13 6l6 6-6 6",
    "not-ready": "M6 6l12 12M18 6L6 18",
    "unknown": "M8.5 9a3.5 3.5 0 1 1 5 3.2c-1 .6-1.5 1.2-1.5 2.3M12 18v.1",
}


def report_page(report: Report) -> str:
    """Return the page."""
    template = _environment().get_template("report.html.j2")
    return template.render(
        report=report,
        data=Markup(page_data(report)),  # noqa: S704  (page_data escapes for a script element)
        tiles=_tiles(report),
        segments=_segments(report),
        printed=[each for each in report.cases if each.status not in ("both", "as-meant")][:MOST_PRINTED],
        states=[each for each in _STATES if each in {one.state for one in report.picture.functions}],
        points=(*report.history, report.point),
        waits=waits_by_case(report.gain),
    )


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=html,
    )
    environment.globals.update(
        LEVELS=LEVELS,
        STATUSES=STATUSES,
        WEIGHTS=_WEIGHTS,
        STATES=_STATES,
        ICONS=_ICONS,
        MOST_NAMES=MOST_NAMES,
        summed=summed,
        use_line=use_line,
        unused_line=unused_line,
        bars=bars,
        coverage=coverage,
        trend=trend,
        wait_bars=wait_bars,
        style=Markup(page_style()),  # noqa: S704  (ours)
        script=Markup(page_script()),  # noqa: S704  (ours)
    )
    environment.filters.update(counted=counted, size=size, amount=amount, shortened=shortened)
    return environment


def page_style() -> str:
    """Return the page's style sheet."""
    return (_TEMPLATES / "report.css").read_text("utf-8")


def page_script() -> str:
    """Return the page's script: the files in one scope, so that the page stays a single file."""
    parts = [(_TEMPLATES / "report" / f"{name}.js").read_text("utf-8") for name in _SCRIPTS]
    return "\n".join(['"use strict";', "(() => {", *parts, "})();", ""])


def _tiles(report: Report) -> list[tuple[str, str, str]]:
    """Return the figures at the top: the figure, what it is, a note."""
    tiles = []
    total = len(report.cases)
    if total:
        backends = {run.backend for run in report.runs if run.cases}
        for backend, name in (("jspi", "JSPI"), ("asyncify", "Asyncify")):
            if backend in backends:
                meant = report.meant(backend)
                more = f"{meant:,} fail{'s' if meant == 1 else ''} as it should" if meant else "as they are"
                tiles.append((f"{report.working(backend):,} of {total:,}", f"cases work on {name}", more))
    tried = [each for each in report.engines if each.level != "unknown"]
    if tried:
        fit = sum(each.level != "not-ready" for each in tried)
        more = "the others fall back" if fit < len(tried) else "of those that were tried"
        tiles.append((f"{fit} of {len(tried)}", "engines run it on JSPI", more))
    if report.users is not None:
        tiles.append((f"{report.users.share:.0f}%", "of users have JSPI", report.users.query))
    if report.gain is not None:
        for measure in report.gain.measures:
            if measure.id == "size-brotli" and measure.ratio.median >= _WORTH_SAYING:
                less = 1 - 1 / measure.ratio.median
                tiles.append((f"{-less:+.0%}", "size to download", "plain against Asyncify, brotli"))
    if report.module is not None and len(tiles) < 4:
        tiles.append((size(report.module.size_bytes), "module", counted(report.module.functions, "function")))
    return tiles


def _segments(report: Report) -> list[tuple[CaseStatus, int, float, float]]:
    """Return the parts of the bar of all cases: status, count, start and width (percent)."""
    total = sum(report.statuses.values()) or 1
    found = []
    start = 0.0
    for status in STATUSES:
        count = report.statuses.get(status, 0)
        if count:
            width = 100 * count / total
            found.append((status, count, round(start, 3), round(width, 3)))
            start += width
    return found
