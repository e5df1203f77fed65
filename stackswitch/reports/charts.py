"""Charts as SVG: bars with their numbers, curves. Colours are the page's (by class)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from stackswitch.models.readiness import Confidence, Measure, Point

from .text import amount, visible

_WIDTH, _HEIGHT = 560, 220
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 120, 14, 34


@dataclass(frozen=True)
class Line:
    """A line: its name and its points, both axes in the data's own units."""

    name: str
    points: Sequence[tuple[float, float]]


def bars(measure: Measure) -> Markup:
    """Plain and Asyncify beside each other, with the spread as a thin line."""
    most = max(measure.plain.high, measure.asyncify.high) or 1.0
    rows = []
    for at, (name, spread) in enumerate((("plain", measure.plain), ("asyncify", measure.asyncify))):
        y = 6 + at * 30
        width = max(2.0, 300 * spread.median / most)
        rows.append(
            Markup(
                '<text x="0" y="{y}" class="label">{label}</text>'
                '<rect x="76" y="{top}" width="{width:.1f}" height="18" rx="3" class="bar-{name}"/>'
            ).format(y=y + 14, top=y, width=width, label=name.capitalize(), name=name)
        )
        if spread.count > 1 and spread.high > spread.low:
            low, high = (76 + 300 * each / most for each in (spread.low, spread.high))
            rows.append(
                Markup('<path d="M{low:.1f} {y}H{high:.1f}" class="spread"/>').format(
                    low=low, high=high, y=y + 9
                )
            )
        end = 76 + max(width, 300 * spread.high / most)
        rows.append(
            Markup('<text x="{x:.1f}" y="{y}" class="value">{value}</text>').format(
                x=end + 8, y=y + 14, value=amount(spread.median, measure.unit)
            )
        )
    label = f"{measure.what}: plain {amount(measure.plain.median, measure.unit)}, "
    label += f"Asyncify {amount(measure.asyncify.median, measure.unit)}"
    return Markup(
        '<svg viewBox="0 0 480 62" class="bars" role="img" aria-label="{label}">{rows}</svg>'
    ).format(label=visible(label), rows=Markup("").join(rows))


def hold_out(curves: Sequence[Confidence]) -> Markup:
    """How many of the cases left out a list covers, by how many cases it was drawn from."""
    lines = [Line(each.policy, each.points) for each in curves if each.points]
    return _curves(lines, "cases the list was drawn from", "of the others covered", share=True)


def trend(points: Sequence[Point]) -> Markup:
    """How many cases work on JSPI as they are, run by run."""
    good = [sum(each.statuses.get(status, 0) for status in ("both", "jspi-only")) for each in points]
    total = [sum(each.statuses.values()) for each in points]
    lines = [
        Line("all cases", list(enumerate(total, 1))),
        Line("work on JSPI", list(enumerate(good, 1))),
    ]
    return _curves(lines, "run", "cases", share=False)


def _curves(lines: Sequence[Line], across: str, upwards: str, *, share: bool) -> Markup:
    xs = [x for line in lines for x, _ in line.points] or [0.0]
    top = 1.0 if share else max([y for line in lines for _, y in line.points] or [1.0]) or 1.0
    left, right = min(xs), max(max(xs), min(xs) + 1)

    def at(x: float, y: float) -> tuple[float, float]:
        across_ = (x - left) / (right - left) * (_WIDTH - _LEFT - _RIGHT)
        return _LEFT + across_, _TOP + (1 - y / top) * (_HEIGHT - _TOP - _BOTTOM)

    parts = []
    for step in (0.0, 0.25, 0.5, 0.75, 1.0):
        y = at(left, step * top)[1]
        label = f"{step:.0%}" if share else f"{step * top:.0f}"
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
    ends: list[float] = []
    for number, line in enumerate(lines):
        places = [at(x, y) for x, y in line.points]
        path = "L".join(f"{x:.1f} {y:.1f}" for x, y in places)
        end = places[-1]
        y = end[1]
        while any(abs(y - other) < 13 for other in ends):
            y += 13
        ends.append(y)
        dots = Markup("").join(
            Markup('<circle cx="{x:.1f}" cy="{y:.1f}" r="3"/>').format(x=x, y=y_) for x, y_ in places
        )
        parts.append(
            Markup(
                '<g class="line line-{number}"><path d="M{path}"/>{dots}'
                '<text x="{x:.1f}" y="{y:.1f}">{name}</text></g>'
            ).format(number=number % 4, path=path, dots=dots, x=end[0] + 8, y=y + 4, name=visible(line.name))
        )
    told = "; ".join(
        f"{line.name}: "
        + ", ".join(f"{x:.0f}: {f'{y:.0%}' if share else f'{y:.0f}'}" for x, y in line.points)
        for line in lines
    )
    return Markup(
        '<svg viewBox="0 0 {w} {h}" class="curves" role="img" aria-label="{label}">{parts}</svg>'
    ).format(w=_WIDTH, h=_HEIGHT, label=visible(f"{across}, {upwards}. {told}"), parts=Markup("").join(parts))
