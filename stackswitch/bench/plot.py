"""Plots suspensions by depth as SVG, with logarithmic axes."""

from __future__ import annotations

import math

from markupsafe import Markup

from stackswitch.models.bench import BenchResult
from stackswitch.reports.charts import apart, element

_WIDTH, _HEIGHT = 720, 420
_LEFT, _RIGHT, _TOP, _BOTTOM = 60, 220, 30, 50
_COLOURS = ("#666666", "#1b6ca8", "#2e8b57", "#b5651d", "#a02c5a", "#5a3e9b", "#00838f")


def plot(result: BenchResult) -> str:
    """Return the plot: the median of each host at each depth."""
    lines: dict[str, list[tuple[int, float]]] = {}
    for each in result.figures:
        if each.group in ("suspension", "suspension in Node") and each.unit == "µs":
            lines.setdefault(each.host, []).append((int(each.case.split()[0]), each.median))
    depths = sorted({depth for points in lines.values() for depth, _ in points}) or [1, 10]
    values = [value for points in lines.values() for _, value in points] or [1.0, 10.0]
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))

    def x(depth: float) -> float:
        span = math.log10(depths[-1] / depths[0]) or 1
        return _LEFT + math.log10(depth / depths[0]) / span * (_WIDTH - _LEFT - _RIGHT)

    def y(value: float) -> float:
        share = (math.log10(value) - low) / ((high - low) or 1)
        return _HEIGHT - _BOTTOM - share * (_HEIGHT - _TOP - _BOTTOM)

    parts = [
        element("rect", width=_WIDTH, height=_HEIGHT, fill="white"),
        element("text", "µs for one wait, by the frames below it", x=_LEFT, y=18),
    ]
    for power in range(low, high + 1):
        at = y(10**power)
        parts += [
            element("line", x1=_LEFT, x2=_WIDTH - _RIGHT, y1=at, y2=at, stroke="#dddddd"),
            element("text", f"{10**power:g}", x=_LEFT - 8, y=at + 4, text_anchor="end"),
        ]
    bottom = _HEIGHT - _BOTTOM + 20
    parts += [element("text", f"{each}", x=x(each), y=bottom, text_anchor="middle") for each in depths]
    hosts = sorted(lines.items(), key=lambda line: -line[1][-1][1])
    names = apart({number: y(max(points)[1]) + 4 for number, (_, points) in enumerate(hosts)}, 15)
    for number, (host, points) in enumerate(hosts):
        colour = _COLOURS[number % len(_COLOURS)]
        path = " ".join(f"{x(depth):.1f},{y(value):.1f}" for depth, value in sorted(points))
        parts.append(element("polyline", points=path, fill="none", stroke=colour, stroke_width=2))
        parts.append(element("text", host, x=_WIDTH - _RIGHT + 8, y=names[number], fill=colour))
    box, content = f"0 0 {_WIDTH} {_HEIGHT}", Markup("\n").join(["", *parts, ""])
    xmlns = "http://www.w3.org/2000/svg"
    return f"{element('svg', content, xmlns=xmlns, viewBox=box, font_family='sans-serif', font_size=12)}\n"
