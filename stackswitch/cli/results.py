"""Shows the results of ``stackswitch test``: a table, the differences between backends, the missing names."""

from __future__ import annotations

from collections import Counter, defaultdict

from stackswitch.models.result import CaseResult, ShardOfSuite, SuiteResult
from stackswitch.reports.text import some

from .console import Console, TableCell

_STYLES = {"returned": "green", "trapped": "green", "needs-list-fix": "yellow", "unsupported": "dim"}


def show_results(console: Console, result: SuiteResult, *, quiet: bool) -> None:
    """Print the table, what differs, what is not as expected, what was skipped, what lists need, the counts.

    :param quiet: leave out the table and the differences that are as expected
    """
    columns = list(dict.fromkeys(_column(each) for each in result.results))
    by_case: dict[str, dict[str, CaseResult]] = defaultdict(dict)
    for each in result.results:
        by_case[each.case_id][_column(each)] = each
    if not quiet:
        rows = [
            [TableCell(case_id), *(_cell(results.get(column)) for column in columns)]
            for case_id, results in by_case.items()
        ]
        console.table(["case", *columns], rows)
        _differences(console, by_case)
    _unexpected(console, result)
    _names(console, result, quiet=quiet)
    if not quiet:
        _warnings(console, result)
    _skipped(console, result)
    _summary(console, columns, result)


def show_shard(console: Console, shard: ShardOfSuite) -> None:
    """Say which part of the suite runs; an empty part is not an empty suite."""
    text = f"shard {shard.index}/{shard.count}: {shard.cases} of {shard.suite_cases} cases"
    if shard.cases:
        console.print(text, style="dim")
    else:
        console.print(f"{text}; all of them are in other shards, and nothing runs here")


def _skipped(console: Console, result: SuiteResult) -> None:
    """Say once for each backend why it is not available, and whether that is permitted."""
    groups: dict[tuple[str, str, bool], int] = Counter(
        (_column(each), each.detail, each.as_expected) for each in result.results if each.outcome == "skipped"
    )
    for (column, reason, allowed), count in groups.items():
        cases = f"{count} case{'' if count == 1 else 's'}"
        rule = "allowed" if allowed else f"not allowed: --allow-skip {column.partition(' ')[0]} permits it"
        style = "yellow" if allowed else "bold red"
        console.print(f"\n{column} was skipped, {cases} ({rule}):", style=style)
        console.message(reason, indent=2)


def _column(each: CaseResult) -> str:
    build = f"{each.build} build, " if each.build else ""
    return f"{each.backend} ({build}{each.engine} {each.engine_version}".rstrip() + ")"


def _cell(each: CaseResult | None) -> TableCell:
    if each is None:
        return TableCell("-", "dim")
    if each.outcome == "skipped" and each.as_expected:
        return TableCell("○ skipped", "yellow")
    if not each.as_expected:
        return TableCell(f"✗ {each.outcome}", "bold red")
    return TableCell(f"✓ {each.outcome}", _STYLES.get(each.outcome, "green"))


def _differences(console: Console, by_case: dict[str, dict[str, CaseResult]]) -> None:
    differing = {
        case_id: results
        for case_id, results in by_case.items()
        if len({each.outcome for each in results.values() if each.outcome != "skipped"}) > 1
        and all(each.as_expected for each in results.values())
    }
    if not differing:
        return
    console.print("\nWhere the backends differ, as expected:", style="bold")
    groups: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for case_id, results in differing.items():
        for each in results.values():
            if each.outcome in ("unsupported", "trapped"):  # needs-list-fix: listed by name below
                reason = each.detail if each.outcome != "unsupported" else each.detail.partition(":")[0]
                groups[each.backend, each.outcome, reason].append(case_id)
    for (backend, outcome, reason), cases in sorted(groups.items()):
        console.message(f"{backend} {outcome}: {reason or 'see the case'}", indent=2)
        console.print(f"    {', '.join(cases)}", style="dim")


def _unexpected(console: Console, result: SuiteResult) -> None:
    unexpected = [each for each in result.results if not each.as_expected and each.outcome != "skipped"]
    if not unexpected:
        return
    console.print("\nNot as expected:", style="bold red")
    for each in unexpected:
        console.print(f"  {each.case_id} on {each.backend}: {each.outcome}", style="red")
        if each.detail:
            console.block(each.detail, indent=4)


def _names(console: Console, result: SuiteResult, *, quiet: bool) -> None:
    """List the names to add: briefly if the case expects that they are missing, else one by one."""
    incomplete = [each for each in result.results if each.missing]
    known = [each for each in incomplete if each.as_expected]
    if known and not quiet:
        console.print("\nLists that fall short, as their cases expect; to add:", style="bold")
        for each in known:
            lists = "; ".join(
                f"{which}: {', '.join(map(_shown, names))}" for which, names in each.missing.items()
            )
            console.print(f"  {each.case_id} on {each.backend}: {lists}")
    to_add: dict[tuple[str, str], set[str]] = defaultdict(set)
    for each in incomplete:
        if not each.as_expected:
            for list_name, names in each.missing.items():
                for name in names:
                    to_add[list_name, name].add(each.case_id)
    if not to_add:
        return
    console.print("\nNames to add (from ASYNCIFY_REMOVE: to take out):", style="bold yellow")
    for (which, name), cases in sorted(to_add.items()):
        console.print(f"  {which}: {_shown(name)}", style="yellow")
        console.print(f"    seen in {some(sorted(cases), 3)}", style="dim")


def _warnings(console: Console, result: SuiteResult) -> None:
    """List the findings on the lists themselves, each once."""
    found: dict[str, set[str]] = defaultdict(set)
    for each in result.results:
        for line in each.warnings:
            found[line].add(each.case_id)
    if not found:
        return
    console.print("\nFound:", style="bold")
    for line, cases in sorted(found.items()):
        console.message(f"{line} ({some(sorted(cases), 3)})", indent=2)


def _shown(name: str) -> str:
    """Return a name, quoted if its ends would not be visible."""
    return repr(name) if "," in name or name != name.strip() else name


def _summary(console: Console, columns: list[str], result: SuiteResult) -> None:
    console.print()
    for column in columns:
        counts = Counter(each.outcome for each in result.results if _column(each) == column)
        outcomes = ", ".join(f"{count} {outcome}" for outcome, count in counts.most_common())
        console.print(f"{column}: {outcomes}")
    ran = [each.as_expected for each in result.results if each.outcome != "skipped"]
    skipped = [each.as_expected for each in result.results if each.outcome == "skipped"]
    parts = [f"{sum(ran)} of {len(ran)} results as expected"]
    if not all(ran):
        parts.append(f"{ran.count(False)} not")
    if skipped:
        refused = f" ({skipped.count(False)} of them not allowed)" if not all(skipped) else ""
        parts.append(f"{len(skipped)} skipped{refused}")
    failed = not all(ran + skipped)
    console.print(
        ", ".join(parts), style="bold red" if failed else "bold yellow" if skipped else "bold green"
    )
