from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from stackswitch.engines.probe_output import ProbeOutput


def read(*records: object, flags: tuple[str, ...] = ()) -> ProbeOutput:
    output = ProbeOutput(flags)
    for each in records:
        output.read_line(json.dumps(each).encode())
    return output


def test_each_probe_that_ended_has_an_attempt() -> None:
    output = read(
        {"version": "26.1.0", "notes": ["odd"]},
        {"begin": "simd"},
        {"end": "simd", "shown": "yes", "why": "", "facts": {"n": 1}},
        {"done": True},
        flags=("--x",),
    )
    assert (output.version, output.notes, output.running, output.done) == ("26.1.0", ("odd",), "", True)
    assert output.attempts["simd"].shown == "yes"
    assert output.attempts["simd"].flags == ("--x",)
    assert output.attempts["simd"].facts == {"n": 1}


def test_where_it_died_and_what_it_had_seen_by_then_is_known() -> None:
    output = read({"version": "1"}, {"begin": "deep"}, {"seen": "deep", "facts": {"held": 30000}})
    assert output.running == "deep"
    last = output.failed_attempt("SIGABRT", crashed=True)
    assert (last.shown, last.why) == ("crashed", "SIGABRT after held 30000")
    assert output.failed_attempt("late", crashed=False).shown == "unsound"


def test_what_is_told_before_the_version_or_of_another_probe_does_not_count() -> None:
    end = {"end": "simd", "shown": "yes", "why": "", "facts": {}}
    assert not read({"begin": "simd"}, end).attempts
    assert not read({"version": "1"}, {"begin": "gc"}, end).attempts
    assert not read({"version": "1"}, {"begin": "simd"}, {**end, "shown": "perhaps"}).attempts


def test_a_warning_is_kept_but_does_not_spoil_the_rest() -> None:
    output = ProbeOutput()
    output.read_line(b"Warning: experimental\n")
    output.read_line(b'{"version": "1"}\n')
    assert output.version == "1"
    assert output.unreadable == "it printed 'Warning: experimental'"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["version", "notes", "begin", "end", "seen", "facts", "shown", "why", "done"]),
            inner,
        )
    ),
)


@given(st.lists(st.binary() | JSON.map(lambda record: json.dumps(record).encode())))
def test_nothing_that_an_engine_prints_raises(lines: list[bytes]) -> None:
    output = ProbeOutput()
    for line in lines:
        output.read_line(line)
    assert set(output.attempts) <= {"", *(str(each) for each in output.attempts)}
    assert isinstance(output.version, str)
