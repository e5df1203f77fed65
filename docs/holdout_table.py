"""How the policies do on cases held out, as Markdown, from ``docs/data/holdout.json``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

DATA = Path(__file__).parent / "data" / "holdout.json"
_PLANS = {"90/10": "90/10", "50/50": "50/50", "families": "whole families out"}


def tables() -> str:
    """A table a module."""
    data = json.loads(DATA.read_text("utf-8"))
    return "\n".join(_table(data[name]) for name in sorted(data))


def _table(of: dict[str, Any]) -> str:
    plans = [plan for plan in _PLANS if plan in of["rows"][0]]
    families = f", in {of['families']} families" if "families" in plans else ""
    explored, blind = of["explored_functions"], of.get("blind_functions", 0)
    known = f"; the exploration saw {explored:,} functions" if explored else ""
    known += f", its blind part {blind:,}" if blind else ""
    lines = [
        f"**{of['module']}**: {of['cases']} cases that wait{families}{known}",
        "",
        f"| policy | functions | % of code | {' | '.join(_PLANS[plan] for plan in plans)} |",
        "|---" * (3 + len(plans)) + "|",
    ]
    for row in of["rows"]:
        more = " + explored, blind" if row.get("blind") else " + explored" if row["explored"] else ""
        policy = f"`{row['policy']}`{more}"
        figures = " | ".join(f"{row[plan]:.1f}" for plan in plans)
        lines.append(f"| {policy} | {row['functions']:,} | {row['code']:.1f} | {figures} |")
    return "\n".join(lines) + "\n"
