"""The summary of ``stackswitch trace``: what was observed, and what was found."""

from __future__ import annotations

from collections.abc import Mapping

from stackswitch.models.finding import Severity
from stackswitch.observe.trace import Trace
from stackswitch.reports.findings import by_severity, details, head
from stackswitch.reports.text import counted

from .console import Console

_STYLES: Mapping[Severity, str] = {"error": "red", "warning": "yellow", "note": "dim"}
_MOST = 20


def show_summary(console: Console, found: Trace, output: str) -> None:
    """Show how many waits there were, the findings, traps that none explains, and what the trace lacks."""

    def say(text: str, style: str = "") -> None:
        console.message(f"stackswitch: {text}", style=style)

    imports = {(each.module, each.import_) for each in found.suspensions}
    say(
        f"{counted(found.suspension_count, 'suspension')},"
        f" {counted(len(found.suspensions), 'distinct stack')},"
        f" {counted(len(imports), 'waiting import')} → {output}"
    )
    ran = sorted({f"{each.engine} {each.engine_version}" for each in found.starts if each.engine == "node"})
    if ran and not found.suspensions and not found.traps:
        why = "no wait was observed" if found.modules else "no WebAssembly module was compiled"
        hint = "; `--engine node@26` runs the command on another Node" if found.modules else ""
        say(f"{why} ({', '.join(ran)}){hint}", style="yellow")
    for each in by_severity(found.findings)[:_MOST]:
        say(head(each), style=_STYLES[each.severity])
        for line in details(each):
            console.message(line, indent=2)
    if len(found.findings) > _MOST:
        say(f"… and {counted(len(found.findings) - _MOST, 'more finding')}, in the trace")
    for trap in found.traps:
        if trap.cause in ("", "not-instrumented"):
            say(f"{trap.error}: {trap.message}", style="red")
            if trap.explanation:
                console.message(trap.explanation, indent=2)
    for error in found.errors:
        whose = "" if error.process is None else f"process {error.process}: "
        say(f"{whose}{error.message}", style="yellow")
