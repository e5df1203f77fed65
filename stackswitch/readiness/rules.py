"""The rules: what each means, what it does to the verdict, how to mend what it finds: data, in
``rules.toml``.

``docs/readiness.md`` shows them; a project silences one by its id, with a reason that the report shows.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from pathlib import Path

from stackswitch.errors import ConfigError
from stackswitch.models.base import Frozen
from stackswitch.models.expect import ListName
from stackswitch.models.readiness import Finding, Level, Scope, Weight
from stackswitch.tools.parsing import toml_value


class Rule(Frozen):
    """A rule. ``meaning``: when it applies, and why that matters; ``mend``: what to do."""

    id: str
    scope: Scope
    weight: Weight
    meaning: str
    mend: str


def _read() -> dict[str, Rule]:
    text = Path(__file__).with_name("rules.toml").read_text("utf-8")
    rules = [Rule.model_validate(each) for each in toml_value(text)["rule"]]
    return {each.id: each for each in rules}


RULES: Mapping[str, Rule] = _read()


def finding(
    rule: str,
    text: str,
    *,
    subject: str = "",
    cases: Sequence[str] = (),
    names: Mapping[ListName, Sequence[str]] | None = None,
    weight: Weight | None = None,
) -> Finding:
    """Make a finding of a rule.

    :param weight: where it is not the rule's own
    """
    known = RULES[rule]
    return Finding(
        rule=rule,
        weight=weight or known.weight,
        scope=known.scope,
        text=text,
        mend=known.mend,
        subject=subject,
        cases=tuple(cases),
        names={which: tuple(each) for which, each in (names or {}).items()},
    )


def merged_names(
    found: Iterable[Mapping[ListName, Iterable[str]]],
) -> dict[ListName, tuple[str, ...]]:
    """Put names together by list, sorted."""
    merged: dict[ListName, set[str]] = {}
    for each in found:
        for which, names in each.items():
            merged.setdefault(which, set()).update(names)
    return {which: tuple(sorted(names)) for which, names in merged.items()}


def level_by(weights: Container[Weight]) -> Level:
    """Return the level of findings with these weights."""
    if "blocks" in weights:
        return "not-ready"
    if "unknown" in weights:
        return "unknown"
    return "ready-with-changes" if "change" in weights else "ready"


def silenced(findings: Sequence[Finding], reasons: Mapping[str, str]) -> tuple[Finding, ...]:
    """Mark the findings of the rules that a project silences.

    :param reasons: by rule
    :raises ConfigError: there is no such rule, or no reason is given
    """
    for rule, reason in reasons.items():
        if rule not in RULES:
            raise ConfigError(f"[report.silence]: there is no rule {rule!r}; there are {', '.join(RULES)}")
        if not reason.strip():
            raise ConfigError(f"[report.silence]: {rule}: say why; the report shows it")
    return tuple(
        each.model_copy(update={"silenced": reasons[each.rule]}) if each.rule in reasons else each
        for each in findings
    )
