"""The rules of findings: what each finds, why it matters, what to do: data, in ``rules.toml``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from stackswitch.errors import ConfigError
from stackswitch.models.base import Frozen
from stackswitch.models.finding import Severity, TraceFinding
from stackswitch.tools.parsing import read_toml


class Rule(Frozen):
    """A rule. ``title``: what is found; ``meaning``: why it matters; ``fix``: what to do."""

    id: str
    backends: tuple[Literal["jspi", "asyncify"], ...]
    severity: Severity
    title: str
    meaning: str
    fix: str


RULES: Mapping[str, Rule] = {
    rule.id: rule
    for each in read_toml(Path(__file__).with_name("rules.toml"), ConfigError)["rule"]
    for rule in [Rule.model_validate(each)]
}


def finding(rule: str, text: str, **more: Any) -> TraceFinding:
    """Make a finding of a rule.

    :param more: fields; ``severity`` and ``fix`` where they are not the rule's own
    """
    known = RULES[rule]
    of_rule: dict[str, Any] = {"severity": known.severity, "fix": known.fix}
    if len(known.backends) == 1:
        of_rule["backend"] = known.backends[0]
    return TraceFinding(rule=rule, text=text, **{**of_rule, **more})


def silenced(found: TraceFinding, reasons: Mapping[str, str]) -> TraceFinding:
    """Return a finding, marked if the project silences its rule.

    :param reasons: by rule, as ``check_silence`` has accepted them
    """
    reason = reasons.get(found.rule, "")
    return found.model_copy(update={"silenced": reason}) if reason else found


def check_silence(reasons: Mapping[str, str]) -> None:
    """Check what a project silences.

    :raises ConfigError: there is no such rule, or no reason is given
    """
    for rule, reason in reasons.items():
        if rule not in RULES:
            raise ConfigError(f"[trace.silence]: there is no rule {rule!r}; there are {', '.join(RULES)}")
        if not reason.strip():
            raise ConfigError(f"[trace.silence]: {rule}: say why; the summary shows it")
