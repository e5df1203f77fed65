"""Shows a result as Markdown tables, for people and for the documentation."""

from __future__ import annotations

from stackswitch.models.bench import BenchResult, Figure, Goal

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
    if not result.goals:
        return ""
    rows = ["| | goal | reached | |", "|---|---|---|---|"]
    return "\n".join([*rows, *map(_goal, result.goals)])


def _goal(goal: Goal) -> str:
    spread = f" ({_short(goal.least)} to {_short(goal.greatest)})" if goal.least != goal.greatest else ""
    unit = f" {goal.unit}"
    return (
        f"| {goal.name} | {goal.bound} {goal.goal:g}{unit} | {_short(goal.reached)}{spread} |"
        f" {'holds' if goal.holds else '**not reached**'} |"
    )


def by_depth(result: BenchResult, group: str) -> str:
    """Return one group of suspensions by depth: the best round, and the median ratio to the sleep."""
    found = [each for each in result.figures if each.group == group]
    if group == "suspension":
        found += [each for each in result.figures if each.group == "suspension in Node"]
        title = "µs for one wait, by the clock"
    else:
        title = "µs of CPU time for one wait"
    if not found:
        return ""
    hosts = list(dict.fromkeys(each.host for each in found))
    cells = {(each.case, each.host): each for each in found}
    rows = [f"| {title} | {' | '.join(hosts)} |", "|---" * (len(hosts) + 1) + "|"]
    for case in dict.fromkeys(each.case for each in found):
        columns = [_cell(cells.get((case, host))) for host in hosts]
        rows.append(f"| {case} | {' | '.join(columns)} |")
    return "\n".join(rows)


def rest(result: BenchResult) -> str:
    """Return the other figures: the best round of each."""
    found = [each for each in result.figures if not each.group.startswith("suspension")]
    hosts = list(dict.fromkeys(each.host for each in found))
    rows = [f"| | {' | '.join(hosts)} |", "|---" * (len(hosts) + 1) + "|"]
    for key in dict.fromkeys((each.group, each.case, each.unit) for each in found):
        group, case, unit = key
        cells = {each.host: each for each in found if (each.group, each.case, each.unit) == key}
        best = max if unit == "per second" else min
        columns = [
            _number(best(cells[host].best, cells[host].worst)) if host in cells else "" for host in hosts
        ]
        rows.append(f"| {group}: {case} ({unit}) | {' | '.join(columns)} |")
    return "\n".join(rows) if found else ""


def _cell(figure: Figure | None) -> str:
    if figure is None:
        return ""
    ratio = figure.ratio
    return _number(figure.best) + (f" ({_short(ratio.median)})" if ratio and ratio.against == SLEEP else "")


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else _short(value)


def _short(value: float) -> str:
    if abs(value) >= 10:
        return f"{value:.0f}"
    return f"{value:.1f}" if abs(value) >= 3 else f"{value:.2f}"
