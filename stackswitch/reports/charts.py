"""Charts as SVG: bars with numbers, and curves. The page's style sheet has the colours, by class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from stackswitch.models.bench import Figure
from stackswitch.models.readiness import Confidence, Gain, Measure, Point, Spread, Unit

from .escape import html
from .text import amount

_WIDTH, _HEIGHT = 560, 220
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 112, 14, 38


_BARS_WIDTH, _VALUE_WIDTH = 480, 104
_IN_PYTHON = "suspension"
"""The group of ``bench`` in which suspensions wait for Python; others are of an engine alone."""
_OURS = ("asyncify", "fiber", "jspi")


@dataclass(frozen=True)
class Bar:
    """A bar: its name, its class in the style sheet, what was measured."""

    label: str
    kind: str
    spread: Spread


@dataclass(frozen=True)
class Line:
    """A curve: its name and its points, in the units of the data."""

    name: str
    points: Sequence[tuple[float, float]]


def bars(measure: Measure) -> Markup:
    """Return bars for plain and Asyncify, with the spread as a thin line."""
    rows = [Bar("Plain", "plain", measure.plain), Bar("Asyncify", "asyncify", measure.asyncify)]
    return bar_chart(measure.what, rows, measure.unit, label_width=76)


def wait_bars(case: str, figures: Sequence[Figure]) -> Markup:
    """Return bars for what a suspension costs at one depth, by host."""
    rows = [
        Bar(
            each.host,
            _host_class(each.host),
            Spread(low=each.best, median=each.median, high=each.worst, count=2),
        )
        for each in figures
    ]
    return bar_chart(f"a wait under {case}", rows, "us", label_width=160)


def waits_by_case(gain: Gain | None) -> dict[str, list[Figure]]:
    """Return curves for what a suspension costs by depth, in the library and in engines alone."""
    found: dict[str, list[Figure]] = {}
    for each in () if gain is None else gain.waits:
        if each.unit == "µs" and (each.group != _IN_PYTHON or each.host in _OURS):
            found.setdefault(each.case, []).append(each)
    return found


def _host_class(host: str) -> str:
    return "asyncify" if host.startswith("asyncify") else "plain"


def bar_chart(what: str, rows: Sequence[Bar], unit: Unit, *, label_width: int) -> Markup:
    """Return bars with their numbers; a thin line goes from the least to the greatest value."""
    width = _BARS_WIDTH - label_width - _VALUE_WIDTH
    most = max(row.spread.high for row in rows) or 1.0
    parts = []
    for at, row in enumerate(rows):
        y = 6 + at * 30
        spread = row.spread
        length = max(2.0, width * spread.median / most)
        parts.append(
            Markup(
                '<text x="0" y="{y}" class="label">{label}</text>'
                '<rect x="{left}" y="{top}" width="{length:.1f}" height="18" rx="3" class="bar-{name}"/>'
            ).format(y=y + 14, top=y, left=label_width, length=length, label=html(row.label), name=row.kind)
        )
        if spread.count > 1 and spread.high > spread.low:
            low, high = (label_width + width * each / most for each in (spread.low, spread.high))
            parts.append(
                Markup(
                    '<path d="M{low:.1f} {y}H{high:.1f}M{low:.1f} {top}v8M{high:.1f} {top}v8" '
                    'class="spread"/>'
                ).format(low=low, high=high, y=y + 9, top=y + 5)
            )
        end = label_width + max(length, width * spread.high / most)
        parts.append(
            Markup('<text x="{x:.1f}" y="{y}" class="value">{value}</text>').format(
                x=end + 8, y=y + 14, value=amount(spread.median, unit)
            )
        )
    spoken = ", ".join(f"{row.label} {amount(row.spread.median, unit)}" for row in rows)
    return Markup(
        '<svg viewBox="0 0 {wide} {high}" class="bars" role="img" aria-label="{label}">{rows}</svg>'
    ).format(
        wide=_BARS_WIDTH,
        high=2 + 30 * len(rows),
        label=html(f"{what}: {spoken}"),
        rows=Markup("").join(parts),
    )


def coverage(curves: Sequence[Confidence]) -> Markup:
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
    for tick_at in _ticks(top, whole=not share):
        y = at(left, tick_at)[1]
        label = f"{tick_at:.0%}" if share else f"{tick_at:,.0f}"
        parts.append(
            Markup(
                '<path d="M{left} {y:.1f}H{right}" class="rule"/>'
                '<text x="{x}" y="{text:.1f}" class="tick" text-anchor="end">{label}</text>'
            ).format(left=_LEFT, right=_WIDTH - _RIGHT, y=y, x=_LEFT - 6, text=y + 4, label=label)
        )
    tick = Markup('<text x="{x:.1f}" y="{y}" class="tick" text-anchor="middle">{label:.0f}</text>')
    parts += [tick.format(x=at(x, 0)[0], y=_HEIGHT - _BOTTOM + 16, label=x) for x in sorted({left, right})]
    parts.append(
        Markup('<text x="{x}" y="{y}" class="tick" text-anchor="middle">{label}</text>').format(
            x=(_LEFT + _WIDTH - _RIGHT) / 2, y=_HEIGHT - 4, label=across
        )
    )
    names = _apart({number: at(*line.points[-1])[1] for number, line in enumerate(lines)})
    for number, line in enumerate(lines):
        places = [at(x, y) for x, y in line.points]
        path = "L".join(f"{x:.1f} {y:.1f}" for x, y in places)
        end, y = places[-1], names[number]
        dots = Markup("").join(
            Markup('<circle cx="{x:.1f}" cy="{y:.1f}" r="3"/>').format(x=x, y=y_) for x, y_ in places
        )
        parts.append(
            Markup(
                '<g class="line line-{number}"><path d="M{path}"/>{dots}'
                '<text x="{x:.1f}" y="{y:.1f}">{name}</text></g>'
            ).format(number=number % 4, path=path, dots=dots, x=end[0] + 8, y=y + 4, name=html(line.name))
        )
    spoken = "; ".join(
        f"{line.name}: "
        + ", ".join(f"{x:.0f}: {f'{y:.0%}' if share else f'{y:.0f}'}" for x, y in line.points)
        for line in lines
    )
    return Markup(
        '<svg viewBox="0 0 {w} {h}" class="curves" role="img" aria-label="{label}">{parts}</svg>'
    ).format(w=_WIDTH, h=_HEIGHT, label=html(f"{across}, {upwards}. {spoken}"), parts=Markup("").join(parts))


def _ticks(top: float, *, whole: bool) -> list[float]:
    """Return the positions of the grid lines: quarters, or about five round numbers."""
    if not whole:
        return [top * quarter / 4 for quarter in range(5)]
    scale = 10 ** max(0, len(str(int(top))) - 2)
    step = next(each * scale for each in (1, 2, 5, 10, 20, 50) if each * scale * 6 > top)
    return [float(each) for each in range(0, int(top) + 1, step)]


def _apart(heights: Mapping[int, float], least: float = 14) -> dict[int, float]:
    """Move names down until none covers another, in the order of their curves."""
    found: dict[int, float] = {}
    lowest = -least
    for number, y in sorted(heights.items(), key=lambda each: each[1]):
        lowest = found[number] = max(y, lowest + least)
    return found
