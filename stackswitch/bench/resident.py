"""How much memory this process and its children have."""

from __future__ import annotations

import gc
import re
import sys
from pathlib import Path
from typing import NamedTuple


class Resident(NamedTuple):
    """Resident and proportional set size (KiB). Of pages shared with other processes, PSS counts a share."""

    rss: float
    pss: float

    def since(self, before: Resident, count: int) -> Resident:
        """Return how much each of ``count`` things has taken since."""
        return Resident((self.rss - before.rss) / count, (self.pss - before.pss) / count)


def resident() -> Resident:
    """Measure, after garbage collection; 0 on other systems than Linux."""
    gc.collect()
    if sys.platform != "linux":
        return Resident(0, 0)
    found = [_of(each) for each in _family("self")]
    return Resident(sum(rss for rss, _ in found), sum(pss for _, pss in found))


def _family(process: str) -> list[str]:
    """Return a process and its descendants."""
    found = [process]
    for each in Path(f"/proc/{process}/task").glob("*/children"):
        for child in each.read_text("ascii").split():
            found += _family(child)
    return found


def _of(process: str) -> Resident:
    try:
        text = Path(f"/proc/{process}/smaps_rollup").read_text("ascii")
    except OSError:  # it has ended
        return Resident(0, 0)
    sizes = dict(re.findall(r"^(Rss|Pss): *([0-9]+)", text, re.MULTILINE))
    return Resident(float(sizes["Rss"]), float(sizes["Pss"]))
