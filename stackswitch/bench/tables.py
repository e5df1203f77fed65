"""Shows a result as Markdown tables, for people and for the documentation."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from stackswitch.models.bench import BenchResult, Figure

from .rounds import CPU, SLEEP


def tables(result: BenchResult) -> str:
    """Return all tables."""
    parts = [
        conditions(result),
        goals(result),
        by_depth(result, CPU),
        by_depth(result, "suspension"),
        rest(result),
    ]
    parts += [f"Not measured: {each}" for each in result.skipped]
    return "\n\n".join(each for each in parts if each)


def conditions(result: BenchResult) -> str:
    """Return where and how it was measured."""
    engines = ", ".join(f"{name}: {engine}" for name, engine in result.engines.items())
    return (
        f"Python {result.python}; {engines}; {result.rounds} alternating rounds,"
        f" the load average {result.load_average:g} at their beginning."
    )


def goals(result: BenchResult) -> str:
    """Return the goals with the median of the rounds, the least and the greatest."""
    rows = {}
    for goal in result.goals:
        spread = f" ({_short(goal.least)} to {_short(goal.greatest)})" if goal.least != goal.greatest else ""
        rows[goal.name] = [
            f"{goal.bound} {goal.goal:g} {goal.unit}",
            f"{_short(goal.reached)}{spread}",
            "holds" if goal.holds else "**not reached**",
        ]
    return _table("", ["goal", "reached", ""], rows)


def by_depth(result: BenchResult, group: str) -> str:
    """Return one group of suspensions by depth: the best round, and the median ratio to the sleep."""
    found = [each for each in result.figures if each.group == group]
    title = "µs of CPU time for one wait"
    if group == "suspension":
        found += [each for each in result.figures if each.group == "suspension in Node"]
        title = "µs for one wait, by the clock"
    return _figures(title, found, lambda figure: figure.case, _best_and_ratio)


def rest(result: BenchResult) -> str:
    """Return the other figures: the best round of each."""
    found = [each for each in result.figures if not each.group.startswith("suspension")]
    return _figures("", found, lambda figure: f"{figure.group}: {figure.case} ({figure.unit})", _best)


def _figures(
    title: str, found: list[Figure], row: Callable[[Figure], str], cell: Callable[[Figure], str]
) -> str:
    """Return a table of figures, with a column for each host."""
    hosts = list(dict.fromkeys(each.host for each in found))
    rows: dict[str, list[str]] = {}
    for each in found:
        rows.setdefault(row(each), [""] * len(hosts))[hosts.index(each.host)] = cell(each)
    return _table(title, hosts, rows)


def _table(title: str, columns: list[str], rows: Mapping[str, list[str]]) -> str:
    if not rows:
        return ""
    lines = [f"| {title} | {' | '.join(columns)} |".replace("  ", " "), "|---" * (len(columns) + 1) + "|"]
    lines += [f"| {name} | {' | '.join(cells)} |" for name, cells in rows.items()]
    return "\n".join(lines)


def _best_and_ratio(figure: Figure) -> str:
    ratio = figure.ratio
    return _number(figure.best) + (f" ({_short(ratio.median)})" if ratio and ratio.against == SLEEP else "")


def _best(figure: Figure) -> str:
    best = max if figure.unit == "per second" else min
    return _number(best(figure.best, figure.worst))


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else _short(value)


def _short(value: float) -> str:
    if abs(value) >= 10:
        return f"{value:.0f}"
    return f"{value:.1f}" if abs(value) >= 3 else f"{value:.2f}"
