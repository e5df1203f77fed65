"""Results of cases that did not run, since their backend cannot run here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from stackswitch.backends.base import LoadedCase, LoadedCommand
from stackswitch.models.backend import BuildKind
from stackswitch.models.base import Frozen
from stackswitch.models.result import CaseResult, SuiteResult


class SkippedBackend(Frozen):
    """A backend that cannot run here.

    ``engine``, ``engine_version``: what was requested; empty: any version. ``allowed``: whether the user
    permits the skip. ``build``: of commands on Asyncify.
    """

    name: str
    engine: str
    engine_version: str = ""
    reason: str
    allowed: bool
    build: BuildKind | None = None

    def results(self, cases: Iterable[LoadedCase | LoadedCommand]) -> list[CaseResult]:
        """Return a result for each case that it should have run."""
        return [
            CaseResult(
                case_id=each.case.id,
                backend=self.name,
                engine=self.engine,
                engine_version=self.engine_version,
                build=self.build,
                outcome="skipped",
                as_expected=self.allowed,
                detail=self.reason,
            )
            for each in cases
        ]


def with_skipped(result: SuiteResult, skipped: Iterable[CaseResult], backends: Sequence[str]) -> SuiteResult:
    """Add the results of skipped cases, ordered by case, then by backend."""
    together = (*result.results, *skipped)
    ordered = sorted(together, key=lambda each: (each.case_id, backends.index(each.backend)))
    return result.model_copy(update={"results": tuple(ordered)})
