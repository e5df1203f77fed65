"""The verdict on each case: its results on Asyncify compared with those on JSPI."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from stackswitch.models.expect import ListName
from stackswitch.models.readiness import CaseStatus, CaseVerdict, Cell, Finding, RunColumn, Weight
from stackswitch.models.result import CaseResult
from stackswitch.reports.text import counted, some
from stackswitch.suite.shards import Conflict

from .reentrant import weights_of
from .rules import RULES, finding, level_by, merged_names
from .verdict_inputs import VerdictInputs

_JS_FRAME = re.compile(
    r"javascript (lies|frame)|javascript frames|to suspend|frames? (found )?between|js-frames", re.IGNORECASE
)
_INVOKE = re.compile(r"\binvoke_[a-z]*\b")
_START = re.compile(r"start-suspension|start function", re.IGNORECASE)
_MOST_TEXT = 400
_NOT_WORKING = ("unsupported", "needs-list-fix", "wrong", "error", "crashed", "skipped")
_Key = tuple[str, str, str, str]
_Side = Sequence[tuple[CaseResult, bool]]
"""Results on one backend, each with whether the case works there."""


@dataclass
class CasesFound:
    """The cases' verdicts, where they ran, and what the rules say of them."""

    runs: tuple[RunColumn, ...]
    cases: tuple[CaseVerdict, ...]
    findings: tuple[Finding, ...]
    counts: dict[CaseStatus, int] = field(default_factory=dict)


def judge_cases(inputs: VerdictInputs) -> CasesFound:
    """Give every case its verdict."""
    by_case: dict[str, list[CaseResult]] = defaultdict(list)
    for each in inputs.results:
        by_case[each.case_id].append(each)
    order = {key: at for at, key in enumerate(sorted(set(map(_key, inputs.results)), key=_column_order))}
    stacks: dict[str, list[int]] = defaultdict(list)
    for at, stack in enumerate(inputs.picture.stacks):
        for case in stack.cases:
            stacks[case].append(at)
    flaky = {each.case_id: each for each in inputs.flaky}
    applied: dict[tuple[str, str], list[tuple[str, _Applied]]] = defaultdict(list)
    cases = []
    weights = weights_of(inputs)
    for case_id, results in by_case.items():
        judge = _Judge(results, flaky.get(case_id), weights)
        cases.append(judge.verdict(case_id, order, tuple(stacks[case_id])))
        for one in judge.applied:
            applied[one.rule, one.subject].append((case_id, one))
    findings = tuple(
        _finding(rule, subject, of).model_copy(update={"weight": weights[rule]})
        for (rule, subject), of in applied.items()
    )
    counts = Counter(each.status for each in cases)
    return CasesFound(_columns(order, cases), tuple(cases), findings, dict(counts))


def _key(each: CaseResult) -> _Key:
    return each.backend, each.engine, each.engine_version, each.build or ""


def _column_order(key: _Key) -> tuple[object, ...]:
    numbers = [int(part) for part in re.findall(r"\d+", key[2])]
    return key[0], key[1], numbers, key[3]


def _columns(order: Mapping[_Key, int], cases: Sequence[CaseVerdict]) -> tuple[RunColumn, ...]:
    by_run: dict[int, list[Cell]] = defaultdict(list)
    for case in cases:
        for cell in case.cells:
            by_run[cell.run].append(cell)
    return tuple(
        RunColumn(
            backend=backend,
            engine=engine,
            engine_version=version,
            build=build,
            cases=sum(each.outcome != "skipped" for each in by_run[at]),
            worked=sum(each.works for each in by_run[at]),
            meant=sum(each.meant for each in by_run[at]),
            skipped=sum(each.outcome == "skipped" for each in by_run[at]),
        )
        for (backend, engine, version, build), at in order.items()
    )


@dataclass(frozen=True)
class _Applied:
    """A rule that applies to a case."""

    rule: str
    subject: str
    names: Mapping[ListName, Sequence[str]]


def _finding(rule: str, subject: str, of: Sequence[tuple[str, _Applied]]) -> Finding:
    """Return the finding of a rule for all cases with the same subject."""
    cases = dict.fromkeys(case for case, _ in of)
    names = merged_names(each.names for _, each in of)
    return finding(rule, _text(rule, subject, len(cases)), subject=subject, cases=tuple(cases), names=names)


_TEXTS = {
    "js-frames": "{cases} wait{s} through JavaScript: {subject}",
    "invoke-glue": "{cases} wait{s} through Emscripten's {subject}",
    "start-waits": "{cases} wait{s} in the start function",
    "jspi-fails": "{cases} work{s} on Asyncify and end{s} as {subject} on JSPI",
    "jspi-fails-alone": "{cases} end{s} as {subject} on JSPI, and {were} not run on Asyncify",
    "jspi-wrong": "{cases} {are} silently wrong on JSPI",
    "asyncify-wrong": "{cases} {are} silently wrong on Asyncify",
    "engine-differs": "{cases} work{s} on JSPI elsewhere and fail{s} on {subject}",
    "engine-lacks-feature": "{cases} need{s} {subject}",
    "asyncify-fails": "{cases} work{s} on JSPI and not on Asyncify",
    "fails-on-both": "{cases} work{s} on neither",
    "flaky": "{cases} differ{s} from run to run",
    "not-run-on-jspi": "{cases} {were} not run on JSPI{because}",
    "not-run-on-asyncify": "{cases} {were} not run on Asyncify{because}",
    "jspi-list-missing": "{cases} need{s} names that {subject} lacks",
    "asyncify-list-missing": "{cases} wait{s} through functions that {subject} lacks",
}


def _text(rule: str, subject: str, cases: int) -> str:
    one = cases == 1
    return _TEXTS[rule].format(
        cases=counted(cases, "case"),
        subject=subject,
        because=f": {subject}" if subject else "",
        s="s" if one else "",
        are="is" if one else "are",
        were="was" if one else "were",
    )


class _Judge:
    """Judges one case.

    :ivar results: each with whether the case works there
    :ivar weights: of the rules, for the module
    :ivar applied: the rules that apply to the case
    :ivar why: the reasons
    """

    def __init__(
        self, results: Sequence[CaseResult], flaky: Conflict | None, weights: Mapping[str, Weight]
    ) -> None:
        self.weights = weights
        returned = any(each.as_expected and each.outcome == "returned" for each in results)
        self.results = [(each, _works(each, returned=returned)) for each in results]
        self.jspi, self.asyncify = self._on("jspi"), self._on("asyncify")
        self.flaky = flaky
        self.applied: list[_Applied] = []
        self.why: list[str] = []

    def _on(self, backend: str) -> _Side:
        return [one for one in self.results if one[0].backend == backend and one[0].outcome != "skipped"]

    def verdict(self, case_id: str, order: Mapping[_Key, int], stacks: tuple[int, ...]) -> CaseVerdict:
        """Return the verdict.

        :param order: the columns of results, by key
        :param stacks: the positions of the case's stacks
        """
        cells = (
            Cell(
                run=order[_key(each)],
                outcome=each.outcome,
                works=works and each.outcome == "returned",
                known=each.as_expected,
                meant=works and each.outcome != "returned",
                detail=each.detail,
                missing=each.missing,
                suspensions=each.suspensions,
                duration_ms=each.duration_ms,
            )
            for each, works in self.results
        )
        status = self._status()
        rules = tuple(dict.fromkeys(each.rule for each in self.applied))
        level = level_by({self.weights[each] for each in rules})
        if status == "neither" and level == "ready":
            level = "not-ready"
        return CaseVerdict(
            case_id=case_id,
            status=status,
            level=level,
            why="; ".join(dict.fromkeys(self.why)),
            mend=RULES[rules[0]].mend if rules else "",
            rules=rules,
            cells=tuple(sorted(cells, key=lambda cell: cell.run)),
            stacks=stacks,
            module=next((each.module for each, _ in self.results if each.module), ""),
        )

    def _apply(
        self,
        rule: str,
        why: str,
        subject: str = "",
        names: Mapping[ListName, Sequence[str]] | None = None,
    ) -> None:
        self.applied.append(_Applied(rule, subject, names or {}))
        self.why.append(why if len(why) <= _MOST_TEXT else why[: _MOST_TEXT - 1] + "…")

    def _status(self) -> CaseStatus:
        jspi, asyncify = self.jspi, self.asyncify
        wrong = self._wrong()
        lacking = self._lists()
        if _works_on(jspi):
            self._engines()
        elif jspi and not wrong and not _lacks(jspi):
            self._jspi_fails()
        if self.flaky is not None:
            self._apply("flaky", f"on {self.flaky.where}: {'; '.join(self.flaky.outcomes)}")
            return "flaky"
        if wrong:
            return "silently-wrong"
        if not jspi or not asyncify:
            for backend, ran in (("jspi", jspi), ("asyncify", asyncify)):
                skipped = self._skipped(backend)
                if not ran and (skipped or backend == "jspi" or jspi):
                    rule = f"not-run-on-{backend}"
                    self._apply(rule, f"skipped: {skipped}" if skipped else RULES[rule].meaning, skipped)
            return "one-backend"
        good_jspi = _works_on(jspi) or _lacks(jspi)
        if (_works_on(asyncify) or _lacks(asyncify)) and good_jspi:
            if lacking:
                return "needs-list"
            meant = next(
                (each.outcome for each, works in self.results if works and each.outcome != "returned"), None
            )
            if meant is None:
                return "both"
            self.why.append(f"{meant}, as the case expects of every backend")
            return "as-meant"
        if _works_on(asyncify) or _lacks(asyncify):
            return "asyncify-only"
        if good_jspi:
            self._apply("asyncify-fails", _described(_first_bad(asyncify)))
            return "jspi-only"
        self._apply("fails-on-both", _described(_first_bad(jspi)))
        return "neither"

    def _skipped(self, backend: str) -> str:
        """Return why a backend that should have run the case could not be had; empty: it was not to run."""
        found = (each for each, _ in self.results if each.backend == backend and each.outcome == "skipped")
        return next((each.detail.partition("\n")[0] or "no reason given" for each in found), "")

    def _wrong(self) -> bool:
        found = False
        for side in (self.jspi, self.asyncify):
            for each, works in side:
                if "wrong" in (each.outcome, each.symptom) and not works:
                    self._apply(f"{each.backend}-wrong", _described(each))
                    found = True
                    break
        return found

    def _lists(self) -> bool:
        found = False
        for backend, side in (("jspi", self.jspi), ("asyncify", self.asyncify)):
            lacking = next((each for each, works in side if each.missing and not works), None)
            for which, names in lacking.missing.items() if lacking else ():
                rule, why = f"{backend}-list-missing", f"{which} lacks {some(names, 4)}"
                self._apply(rule, why, which, {which: names})
                found = True
        return found

    def _engines(self) -> None:
        """It works somewhere on JSPI: say where it does not."""
        for each, works in self.jspi:
            if works or each.missing:
                continue
            where = f"{each.engine} {each.engine_version}"
            if each.outcome == "unsupported":
                self._apply("engine-lacks-feature", f"{where}: {each.detail}", _feature(each))
            else:
                self._apply("engine-differs", f"{where}: {_described(each)}", where)

    def _jspi_fails(self) -> None:
        each = _first_bad(self.jspi)
        why = _described(each)
        if _START.search(each.detail):
            self._apply("start-waits", why)
        elif invoke := _INVOKE.search(each.detail):
            self._apply("invoke-glue", why, invoke[0])
        elif _JS_FRAME.search(each.detail):
            self._apply("js-frames", why, _frame(each.detail))
        elif each.outcome == "unsupported":
            self._apply("engine-lacks-feature", each.detail, _feature(each))
        elif _works_on(self.asyncify) or _lacks(self.asyncify):
            self._apply("jspi-fails", why, each.outcome)
        elif not self.asyncify:
            self._apply("jspi-fails-alone", why, each.outcome)


def _works(each: CaseResult, *, returned: bool) -> bool:
    """Whether a case works there for a user, not only as it was said to come out.

    :param returned: somewhere it returns as it should: then to trap or hang, known or not, is not to work
    """
    if not each.as_expected or each.outcome in _NOT_WORKING:
        return False
    return each.outcome == "returned" or not returned


def _works_on(side: _Side) -> bool:
    return any(works for _, works in side)


def _lacks(side: _Side) -> bool:
    """Whether nothing but names stands between a case and its working on a backend."""
    return any(each.missing and each.outcome == "needs-list-fix" for each, _ in side)


def _first_bad(side: _Side) -> CaseResult:
    return next(each for each, works in side if not works)


def _described(each: CaseResult) -> str:
    return f"{each.outcome}: {each.detail}" if each.detail else each.outcome


def _feature(each: CaseResult) -> str:
    return each.detail.partition(":")[0]


def _frame(detail: str) -> str:
    """Whose frame it is, as the engines' and our own messages name it."""
    found = re.search(r"(?:waits|between): (.+)", detail)
    return found[1].partition(";")[0].strip()[:120] if found else "its own glue"
