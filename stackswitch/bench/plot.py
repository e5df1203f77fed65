"""Plots suspensions by depth as SVG, with logarithmic axes."""

from __future__ import annotations

import math
from html import escape

from stackswitch.models.bench import BenchResult

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

    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" '
        'font-family="sans-serif" font-size="12">',
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="white"/>',
        f'<text x="{_LEFT}" y="18">µs for one wait, by the frames below it</text>',
    ]
    for power in range(low, high + 1):
        at = y(10**power)
        out.append(
            f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{at:.1f}" y2="{at:.1f}" stroke="#dddddd"/>'
        )
        out.append(f'<text x="{_LEFT - 8}" y="{at + 4:.1f}" text-anchor="end">{10**power:g}</text>')
    out += [
        f'<text x="{x(depth):.1f}" y="{_HEIGHT - _BOTTOM + 20}" text-anchor="middle">{depth}</text>'
        for depth in depths
    ]
    ends: list[float] = []
    for number, (host, points) in enumerate(sorted(lines.items(), key=lambda line: -line[1][-1][1])):
        colour = _COLOURS[number % len(_COLOURS)]
        path = " ".join(f"{x(depth):.1f},{y(value):.1f}" for depth, value in sorted(points))
        out.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        last = y(max(points)[1]) + 4
        last = max([last, *(each + 15 for each in ends)])  # names do not overlap
        ends.append(last)
        out.append(f'<text x="{_WIDTH - _RIGHT + 8}" y="{last:.1f}" fill="{colour}">{escape(host)}</text>')
    return "\n".join([*out, "</svg>"]) + "\n"
