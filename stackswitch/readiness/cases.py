"""What becomes of each case: compare what it did on Asyncify with what it did on JSPI."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from stackswitch.models.expect import ListName, Outcome
from stackswitch.models.picture import Stack
from stackswitch.models.readiness import CaseStatus, CaseVerdict, Cell, Finding, RunColumn
from stackswitch.models.result import CaseResult

from .material import Flaky, Material
from .rules import RULES, finding, level_by

_JS_FRAME = re.compile(
    r"javascript (lies|frame)|javascript frames|to suspend|frames? (found )?between|js-frames", re.IGNORECASE
)
_INVOKE = re.compile(r"\binvoke_[a-z]*\b")
_START = re.compile(r"start-suspension|start function", re.IGNORECASE)
_MOST_TEXT = 400
_NOT_WORKING = ("unsupported", "needs-list-fix", "wrong", "error", "crashed", "skipped")
_Key = tuple[str, str, str, str]


@dataclass
class CasesFound:
    """The cases' verdicts, where they ran, and what the rules say of them."""

    runs: tuple[RunColumn, ...]
    cases: tuple[CaseVerdict, ...]
    findings: tuple[Finding, ...]
    counts: dict[CaseStatus, int] = field(default_factory=dict)


def judge_cases(material: Material) -> CasesFound:
    """Give every case its verdict."""
    by_case: dict[str, list[CaseResult]] = defaultdict(list)
    keys: dict[_Key, None] = {}
    for each in material.results:
        by_case[each.case_id].append(each)
        keys[_key(each)] = None
    order = {key: at for at, key in enumerate(sorted(keys, key=_column_order))}
    stacks = _stacks_by_case(material.picture.stacks)
    flaky = {each.case_id: each for each in material.flaky}
    gathered = _Gathered()
    cases = []
    for case_id, results in by_case.items():
        judged = _Judge(case_id, results, order, flaky.get(case_id), gathered)
        cases.append(judged.verdict(stacks.get(case_id, ())))
    counts = Counter(each.status for each in cases)
    return CasesFound(_columns(order, cases), tuple(cases), gathered.findings(), dict(counts))


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


def _stacks_by_case(stacks: Sequence[Stack]) -> dict[str, tuple[int, ...]]:
    found: dict[str, list[int]] = defaultdict(list)
    for at, stack in enumerate(stacks):
        for case in stack.cases:
            found[case].append(at)
    return {case: tuple(each) for case, each in found.items()}


@dataclass
class _Gathered:
    """Findings as they come up, one per rule and subject, with the cases they concern."""

    cases: dict[tuple[str, str], dict[str, None]] = field(default_factory=dict)
    names: dict[tuple[str, str], dict[ListName, set[str]]] = field(default_factory=dict)

    def add(
        self,
        rule: str,
        case_id: str,
        subject: str = "",
        names: Mapping[ListName, Sequence[str]] | None = None,
    ) -> None:
        self.cases.setdefault((rule, subject), {})[case_id] = None
        for which, each in (names or {}).items():
            self.names.setdefault((rule, subject), {}).setdefault(which, set()).update(each)

    def findings(self) -> tuple[Finding, ...]:
        return tuple(
            finding(
                rule,
                _text(rule, subject, len(cases)),
                subject=subject,
                cases=tuple(cases),
                names={which: sorted(each) for which, each in self.names.get((rule, subject), {}).items()},
            )
            for (rule, subject), cases in self.cases.items()
        )


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
        cases="1 case" if one else f"{cases:,} cases",
        subject=subject,
        because=f": {subject}" if subject else "",
        s="s" if one else "",
        are="is" if one else "are",
        were="was" if one else "were",
    )


class _Judge:
    """Judges one case."""

    def __init__(
        self,
        case_id: str,
        results: Sequence[CaseResult],
        order: Mapping[_Key, int],
        flaky: Flaky | None,
        gathered: _Gathered,
    ) -> None:
        self.case_id = case_id
        self.results = results
        self.flaky = flaky
        self.gathered = gathered
        self.rules: list[str] = []
        self.why: list[str] = []
        returned = any(each.as_expected and each.outcome == "returned" for each in results)
        self.works = [_works(each, returned=returned) for each in results]
        cells = [
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
            for each, works in zip(results, self.works, strict=True)
        ]
        self.cells = tuple(sorted(cells, key=lambda cell: cell.run))

    def verdict(self, stacks: tuple[int, ...]) -> CaseVerdict:
        status = self._status()
        level = level_by({RULES[each].weight for each in self.rules})
        if status == "neither" and level == "ready":
            level = "not-ready"
        return CaseVerdict(
            case_id=self.case_id,
            status=status,
            level=level,
            why="; ".join(dict.fromkeys(self.why)),
            mend=RULES[self.rules[0]].mend if self.rules else "",
            rules=tuple(dict.fromkeys(self.rules)),
            cells=self.cells,
            stacks=stacks,
            module=next((each.module for each in self.results if each.module), ""),
        )

    def _on(self, backend: str) -> list[tuple[CaseResult, bool]]:
        return [
            (each, works)
            for each, works in zip(self.results, self.works, strict=True)
            if each.backend == backend and each.outcome != "skipped"
        ]

    def _apply(
        self,
        rule: str,
        why: str,
        subject: str = "",
        names: Mapping[ListName, Sequence[str]] | None = None,
    ) -> None:
        self.rules.append(rule)
        self.why.append(why if len(why) <= _MOST_TEXT else why[: _MOST_TEXT - 1] + "…")
        self.gathered.add(rule, self.case_id, subject, names)

    def _status(self) -> CaseStatus:
        jspi, asyncify = self._on("jspi"), self._on("asyncify")
        good_jspi, good_asyncify = _any_good(jspi), _any_good(asyncify)
        wrong = self._wrong(jspi, asyncify)
        lacking = self._lists(jspi, asyncify)
        if good_jspi:
            self._engines(jspi)
        elif jspi and not wrong and not _lacks(jspi):
            self._jspi_fails(jspi, asyncify)
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
        good_jspi |= _lacks(jspi)
        if (good_asyncify or _lacks(asyncify)) and good_jspi:
            if lacking:
                return "needs-list"
            about = next((each.outcome for each in self.cells if each.meant), None)
            if about is None:
                return "both"
            self.why.append(f"{about}, as the case expects of every backend")
            return "as-meant"
        if good_asyncify or _lacks(asyncify):
            return "asyncify-only"
        if good_jspi:
            self._apply("asyncify-fails", _told(_first_bad(asyncify)))
            return "jspi-only"
        self._apply("fails-on-both", _told(_first_bad(jspi)))
        return "neither"

    def _skipped(self, backend: str) -> str:
        """Return why a backend that should have run the case could not be had; empty: it was not to run."""
        found = (each for each in self.results if each.backend == backend and each.outcome == "skipped")
        return next((each.detail.partition("\n")[0] or "no reason given" for each in found), "")

    def _wrong(self, *sides: list[tuple[CaseResult, bool]]) -> bool:
        found = False
        for side in sides:
            for each, works in side:
                if "wrong" in (each.outcome, each.symptom) and not works:
                    self._apply(f"{each.backend}-wrong", _told(each))
                    found = True
                    break
        return found

    def _lists(self, *sides: list[tuple[CaseResult, bool]]) -> bool:
        found = False
        for side in sides:
            if _any_good(side) and not any(each.missing for each, _ in side):
                continue
            for each, works in side:
                if each.missing and not works:
                    found = True
                    for which, names in each.missing.items():
                        self._apply(
                            f"{each.backend}-list-missing",
                            f"{which} lacks {_some(names)}",
                            which,
                            {which: names},
                        )
                    break
        return found

    def _engines(self, jspi: list[tuple[CaseResult, bool]]) -> None:
        """It works somewhere on JSPI: say where it does not."""
        for each, works in jspi:
            if works or each.missing:
                continue
            where = f"{each.engine} {each.engine_version}"
            if each.outcome == "unsupported":
                self._apply("engine-lacks-feature", f"{where}: {each.detail}", _feature(each))
            else:
                self._apply("engine-differs", f"{where}: {_told(each)}", where)

    def _jspi_fails(
        self, jspi: list[tuple[CaseResult, bool]], asyncify: list[tuple[CaseResult, bool]]
    ) -> None:
        each = _first_bad(jspi)
        if _START.search(each.detail):
            self._apply("start-waits", _told(each))
        elif invoke := _INVOKE.search(each.detail):
            self._apply("invoke-glue", _told(each), invoke[0])
        elif _JS_FRAME.search(each.detail):
            self._apply("js-frames", _told(each), _frame(each.detail))
        elif each.outcome == "unsupported":
            self._apply("engine-lacks-feature", each.detail, _feature(each))
        elif _any_good(asyncify) or _lacks(asyncify):
            self._apply("jspi-fails", _told(each), each.outcome)
        elif not asyncify:
            self._apply("jspi-fails-alone", _told(each), each.outcome)


def _works(each: CaseResult, *, returned: bool) -> bool:
    """Whether a case works there for a user, not only as it was said to come out.

    :param returned: somewhere it returns as it should: then to trap or hang, known or not, is not to work
    """
    if not each.as_expected or each.outcome in _NOT_WORKING:
        return False
    return each.outcome == "returned" or not returned


def _any_good(side: Sequence[tuple[CaseResult, bool]]) -> bool:
    return any(works for _, works in side)


def _lacks(side: Sequence[tuple[CaseResult, bool]]) -> bool:
    """Whether nothing but names stands between a case and its working on a backend."""
    return any(each.missing and each.outcome == "needs-list-fix" for each, _ in side)


def _first_bad(side: Sequence[tuple[CaseResult, bool]]) -> CaseResult:
    return next(each for each, works in side if not works)


def _told(each: CaseResult) -> str:
    outcome: Outcome = each.outcome
    return f"{outcome}: {each.detail}" if each.detail else outcome


def _feature(each: CaseResult) -> str:
    return each.detail.partition(":")[0]


def _frame(detail: str) -> str:
    """Whose frame it is, as the engines' and our own messages name it."""
    found = re.search(r"(?:waits|between): (.+)", detail)
    return found[1].partition(";")[0].strip()[:120] if found else "its own glue"


def _some(names: Sequence[str], most: int = 4) -> str:
    shown = ", ".join(names[:most])
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown
