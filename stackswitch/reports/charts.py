"""Charts as SVG: bars with numbers, and curves. The page's style sheet has the colours, by class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from markupsafe import Markup

from stackswitch.models.bench import Figure
from stackswitch.models.readiness import Gain, Measure, Point, PolicyCoverage, Spread, Unit

from .escape import html
from .text import amount

_WIDTH, _HEIGHT = 560, 220
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 112, 14, 38
_BARS_WIDTH, _VALUE_WIDTH = 480, 104
_IN_PYTHON = "suspension"
"""The group of ``bench`` in which suspensions wait for Python; others are of an engine alone."""
_OURS = ("asyncify", "fiber", "jspi")


class Bar(NamedTuple):
    """A bar: its name, its class in the style sheet, what was measured."""

    label: str
    kind: str
    spread: Spread


class Line(NamedTuple):
    """A curve: its name and its points, in the units of the data."""

    name: str
    points: Sequence[tuple[float, float]]


def bars(measure: Measure) -> Markup:
    """Return bars for plain and Asyncify, with the spread as a thin line."""
    rows = [Bar("Plain", "plain", measure.plain), Bar("Asyncify", "asyncify", measure.asyncify)]
    return bar_chart(measure.what, rows, measure.unit, label_width=76)


def wait_bars(case: str, figures: Sequence[Figure]) -> Markup:
    """Return bars for what a suspension costs at one depth, by host."""
    rows = []
    for each in figures:
        kind = "asyncify" if each.host.startswith("asyncify") else "plain"
        spread = Spread(low=each.best, median=each.median, high=each.worst, count=2)
        rows.append(Bar(each.host, kind, spread))
    return bar_chart(f"a wait under {case}", rows, "us", label_width=160)


def waits_by_case(gain: Gain | None) -> dict[str, list[Figure]]:
    """Return what a suspension costs by depth, in the library and in engines alone."""
    found: dict[str, list[Figure]] = {}
    for each in () if gain is None else gain.waits:
        if each.unit == "µs" and (each.group != _IN_PYTHON or each.host in _OURS):
            found.setdefault(each.case, []).append(each)
    return found


def bar_chart(what: str, rows: Sequence[Bar], unit: Unit, *, label_width: int) -> Markup:
    """Return bars with their numbers; a thin line goes from the least to the greatest value."""
    width = _BARS_WIDTH - label_width - _VALUE_WIDTH
    most = max(row.spread.high for row in rows) or 1.0
    parts = []
    for at, (label, kind, spread) in enumerate(rows):
        y = 6 + at * 30
        length = max(2.0, width * spread.median / most)
        parts += [
            element("text", label, x=0, y=y + 14, class_="label"),
            element("rect", x=label_width, y=y, width=length, height=18, rx=3, class_=f"bar-{kind}"),
        ]
        if spread.count > 1 and spread.high > spread.low:
            low, high = (label_width + width * each / most for each in (spread.low, spread.high))
            path = f"M{low:.1f} {y + 9}H{high:.1f}M{low:.1f} {y + 5}v8M{high:.1f} {y + 5}v8"
            parts.append(element("path", d=path, class_="spread"))
        end = label_width + max(length, width * spread.high / most)
        parts.append(element("text", amount(spread.median, unit), x=end + 8.0, y=y + 14, class_="value"))
    spoken = ", ".join(f"{row.label} {amount(row.spread.median, unit)}" for row in rows)
    box = f"0 0 {_BARS_WIDTH} {2 + 30 * len(rows)}"
    return _svg(parts, box, "bars", f"{what}: {spoken}")


def _svg(parts: Sequence[Markup], box: str, kind: str, label: str) -> Markup:
    content = Markup("").join(parts)
    return element("svg", content, viewBox=box, class_=kind, role="img", aria_label=label)


def element(name: str, content: str | None = None, **attributes: str | float) -> Markup:
    """Return an element, all text in it escaped; fractions have one digit."""
    shown = {
        key.rstrip("_").replace("_", "-"): f"{value:.1f}" if isinstance(value, float) else str(value)
        for key, value in attributes.items()
    }
    start = Markup("").join(Markup(' {}="{}"').format(key, html(value)) for key, value in shown.items())
    if content is None:
        return Markup("<{}{}/>").format(name, start)
    return Markup("<{}{}>{}</{}>").format(name, start, html(content), name)


def coverage(curves: Sequence[PolicyCoverage]) -> Markup:
    """Return curves for how many left-out cases a list covers, by how many cases it was computed from."""
    lines = [Line(each.policy, each.points) for each in curves if each.points]
    return _curves(lines, "cases the list was computed from", "of the others covered", share=True)


def trend(points: Sequence[Point]) -> Markup:
    """Return curves for how many cases work on each backend, run by run."""
    lines = [Line("all cases", [(at, sum(each.statuses.values())) for at, each in enumerate(points, 1)])]
    for backend, name in (("jspi", "JSPI"), ("asyncify", "Asyncify")):
        good = [(at, each.working[backend]) for at, each in enumerate(points, 1) if backend in each.working]
        if good:
            lines.append(Line(f"on {name}", good))
    return _curves(lines, "run", "cases", share=False)


def _curves(lines: Sequence[Line], across: str, upwards: str, *, share: bool) -> Markup:
    xs = [x for line in lines for x, _ in line.points] or [0.0]
    top = 1.0 if share else max([y for line in lines for _, y in line.points] or [1.0]) or 1.0
    left, right = min(xs), max(max(xs), min(xs) + 1)

    def at(x: float, y: float) -> tuple[float, float]:
        across_ = (x - left) / (right - left) * (_WIDTH - _LEFT - _RIGHT)
        return _LEFT + across_, _TOP + (1 - y / top) * (_HEIGHT - _TOP - _BOTTOM)

    parts = []
    for tick in _ticks(top, whole=not share):
        y = at(left, tick)[1]
        label = f"{tick:.0%}" if share else f"{tick:,.0f}"
        parts += [
            element("path", d=f"M{_LEFT} {y:.1f}H{_WIDTH - _RIGHT}", class_="rule"),
            element("text", label, x=_LEFT - 6, y=y + 4, class_="tick", text_anchor="end"),
        ]
    middle = {"class_": "tick", "text_anchor": "middle"}
    for x in sorted({left, right}):
        parts.append(element("text", f"{x:.0f}", x=at(x, 0)[0], y=_HEIGHT - _BOTTOM + 16, **middle))
    parts.append(element("text", across, x=(_LEFT + _WIDTH - _RIGHT) / 2, y=_HEIGHT - 4, **middle))
    names = apart({number: at(*line.points[-1])[1] for number, line in enumerate(lines)})
    for number, line in enumerate(lines):
        places = [at(x, y) for x, y in line.points]
        curve = [element("path", d="M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in places))]
        curve += [element("circle", cx=x, cy=y, r=3) for x, y in places]
        curve.append(element("text", line.name, x=places[-1][0] + 8, y=names[number] + 4.0))
        parts.append(element("g", Markup("").join(curve), class_=f"line line-{number % 4}"))
    spoken = "; ".join(
        f"{line.name}: "
        + ", ".join(f"{x:.0f}: {f'{y:.0%}' if share else f'{y:.0f}'}" for x, y in line.points)
        for line in lines
    )
    return _svg(parts, f"0 0 {_WIDTH} {_HEIGHT}", "curves", f"{across}, {upwards}. {spoken}")


def _ticks(top: float, *, whole: bool) -> list[float]:
    """Return the positions of the grid lines: quarters, or about five round numbers."""
    if not whole:
        return [top * quarter / 4 for quarter in range(5)]
    scale = 10 ** max(0, len(str(int(top))) - 2)
    step = next(each * scale for each in (1, 2, 5, 10, 20, 50) if each * scale * 6 > top)
    return [float(each) for each in range(0, int(top) + 1, step)]


def apart(heights: Mapping[int, float], least: float = 14) -> dict[int, float]:
    """Move names down until none covers another, in the order of their curves."""
    found: dict[int, float] = {}
    lowest = -least
    for number, y in sorted(heights.items(), key=lambda each: each[1]):
        lowest = found[number] = max(y, lowest + least)
    return found
