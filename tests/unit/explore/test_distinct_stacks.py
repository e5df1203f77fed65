"""The stacks that are kept show what all of them showed."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from stackswitch.explore.drive import distinct_stacks
from stackswitch.models.trace import TraceSuspension

FRAMES = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 3)), min_size=1, max_size=5)


def stack(frames: list[tuple[int, int]], import_: str = "env.wait") -> TraceSuspension:
    return TraceSuspension.model_validate(
        {
            "module": "m",
            "backend": "jspi",
            "import": import_,
            "export": "main",
            "frames": [(index, offset, f"f{index}") for index, offset in frames],
        }
    )


def edges(stacks: list[TraceSuspension]) -> set[tuple[object, ...]]:
    found: set[tuple[object, ...]] = set()
    for each in stacks:
        callee: object = each.import_
        for index, offset, _ in each.frames:
            found.add((index, offset, callee))
            callee = index
    return found


def test_a_stack_seen_before_is_left_out() -> None:
    one, other = stack([(1, 0), (2, 0)]), stack([(1, 0), (3, 0)])
    assert distinct_stacks([one, one, other, stack([(1, 0)])]) == [one, other]


@given(st.lists(st.tuples(FRAMES, st.sampled_from(["env.wait", "env.sleep"])), max_size=12))
def test_nothing_that_was_shown_is_lost(given_: list[tuple[list[tuple[int, int]], str]]) -> None:
    stacks = [stack(frames, import_) for frames, import_ in given_]
    kept = distinct_stacks(stacks)
    assert edges(kept) == edges(stacks)
    assert distinct_stacks(kept) == kept
    assert len(kept) <= len(edges(stacks)) + 1
