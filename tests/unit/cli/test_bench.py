"""What ``bench`` makes of its rounds: figures with ratios round by round, and a plot."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from stackswitch.bench.plot import plot
from stackswitch.bench.rounds import figures
from stackswitch.models.bench import BenchResult


def test_ratios_are_of_each_round() -> None:
    rounds = {"slow": [10.0, 40.0, 60.0], "fast": [5.0, 10.0, 20.0]}
    slow, fast = figures("suspension", "2 frames", "µs", rounds, "fast")
    assert (slow.best, slow.median, slow.worst) == (10.0, 40.0, 60.0)
    assert slow.ratio is not None
    assert (slow.ratio.against, slow.ratio.least, slow.ratio.median, slow.ratio.greatest) == (
        "fast",
        2.0,
        3.0,
        4.0,
    )
    assert fast.ratio is None


def test_without_the_host_to_compare_with_there_is_no_ratio() -> None:
    (only,) = figures("suspension", "2 frames", "µs", {"slow": [1.0]}, "fast")
    assert only.ratio is None


def test_the_plot_has_a_line_for_each_host() -> None:
    found = [
        each
        for depth, factor in ((2, 1.0), (1000, 20.0))
        for each in figures("suspension", f"{depth} frames", "µs", {"a < b": [factor], "c": [2.0]})
    ]
    result = BenchResult(
        stackswitch="0", python="3", engines={}, rounds=1, load_average=0, figures=tuple(found)
    )
    drawn = ET.fromstring(plot(result))
    lines = drawn.findall("{http://www.w3.org/2000/svg}polyline")
    assert [len((line.get("points") or "").split()) for line in lines] == [2, 2]
    assert "a < b" in [text.text for text in drawn.iter("{http://www.w3.org/2000/svg}text")]
    assert ET.fromstring(plot(result.model_copy(update={"figures": ()}))) is not None
