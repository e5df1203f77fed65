"""The data for the page's script: cases, stacks and the picture, in a compact form of limited size."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, get_args

from stackswitch.models.expect import Outcome
from stackswitch.models.picture import FunctionState, Picture
from stackswitch.models.readiness import STATUSES, CaseStatus, CaseVerdict, Report

from .escape import script_json, visible
from .text import shortened

BUDGET_BYTES = 1_600_000
"""The limit for the data. The rest of the page takes less than 200 kB; a page must stay below 2 MB."""
_OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
_STATUSES: tuple[CaseStatus, ...] = get_args(CaseStatus)
_STATES: tuple[FunctionState, ...] = get_args(FunctionState)
_LETTERS = "abcdefghi"
"""A cell is a letter: which outcome; a capital: it works for a user. A full stop: not run."""
_MEANT = "012345678"
"""A digit: which outcome, where to fail so is what the case is about."""
_TIGHTER = ((400, 240, 200_000), (160, 120, 60_000), (60, 80, 15_000), (0, 60, 0))
"""Characters of a detail, of a name, frames in all: the next is tried when the one before is too much."""


def page_data(report: Report, budget_bytes: int = BUDGET_BYTES) -> str:
    """Return the data as JSON for a ``script`` element; ``cut`` says what was left out."""
    text = ""
    for at, (detail, name, frames) in enumerate(_TIGHTER):
        text = script_json(_packed(report, detail, name, frames, cut=at > 0))
        if len(text) <= budget_bytes:
            break
    return text


class _Texts:
    """A table of texts, each once."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.numbers: dict[str, int] = {"": 0}

    def add(self, text: str) -> int:
        text = visible(shortened(text, self.most)) if self.most else ""
        return self.numbers.setdefault(text, len(self.numbers))


def _packed(report: Report, detail: int, name: int, frames: int, *, cut: bool) -> dict[str, Any]:
    texts = _Texts(detail)
    picture, renumbered, shortened_stacks = _picture(report.picture, name, frames)
    return {
        "outcomes": _OUTCOMES,
        "statuses": _STATUSES,
        "statusWords": [STATUSES[each] for each in _STATUSES],
        "states": _STATES,
        "runs": [[each.backend, each.where] for each in report.runs],
        "cases": [_case(each, len(report.runs), texts, renumbered) for each in report.cases],
        "texts": list(texts.numbers),
        "cut": cut or shortened_stacks,
        **picture,
    }


def _case(case: CaseVerdict, runs: int, texts: _Texts, renumbered: dict[int, int]) -> list[Any]:
    """Id, status, cells, texts of the cells by run, why, what to do, stacks."""
    cells = ["."] * runs
    details: list[list[Any]] = []
    for cell in case.cells:
        outcome = _OUTCOMES.index(cell.outcome)
        letter = _LETTERS[outcome]
        cells[cell.run] = _MEANT[outcome] if cell.meant else letter.upper() if cell.works else letter
        missing = [f"{which}: {', '.join(names)}" for which, names in cell.missing.items()]
        text = "\n".join([*([cell.detail] if cell.detail else []), *missing])
        if text:
            details.append([cell.run, texts.add(text)])
    stacks = [renumbered[each] for each in case.stacks if each in renumbered]
    packed: list[Any] = [visible(case.case_id), _STATUSES.index(case.status), "".join(cells)]
    optional: list[Any] = [details, texts.add(case.why), texts.add(case.mend), stacks]
    while optional and not optional[-1]:
        optional.pop()
    return packed + optional


def _picture(picture: Picture, name: int, frames: int) -> tuple[dict[str, Any], dict[int, int], bool]:
    """Pack the picture and as many stacks as there is room for.

    :returns: what is packed; new numbers of stacks by their old; whether some were left out
    """
    renumbered: dict[int, int] = {}
    stacks = []
    left = frames
    for at, stack in enumerate(picture.stacks):
        if len(stack.frames) > left:
            continue
        left -= len(stack.frames)
        renumbered[at] = len(renumbered)
        stacks.append(
            [
                visible(shortened(stack.import_, name)),
                visible(shortened(stack.export, name)),
                _runs(stack.frames),
                stack.count,
                [visible(shortened(each, name)) for each in stack.js_frames],
                stack.backend,
                int(stack.truncated),
            ]
        )
    nodes = [
        [each.function, each.parent, each.stacks, each.repeat, renumbered.get(each.stack, -1)]
        for each in picture.nodes
    ]
    packed = {
        "functions": [
            [visible(shortened(each.name, name)), _STATES.index(each.state)] for each in picture.functions
        ],
        "nodes": nodes,
        "stacks": stacks,
        "leftOut": picture.left_out,
    }
    return packed, renumbered, len(renumbered) < len(picture.stacks)


def _runs(frames: Iterable[int]) -> list[int]:
    """Frames as pairs: a function, and how often it is repeated in a row."""
    found: list[int] = []
    for each in frames:
        if found and found[-2] == each:
            found[-1] += 1
        else:
            found += [each, 1]
    return found
