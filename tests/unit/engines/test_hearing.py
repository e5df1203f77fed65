from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from stackswitch.engines.hearing import Hearing


def hear(*told: object, flags: tuple[str, ...] = ()) -> Hearing:
    heard = Hearing(flags)
    for each in told:
        heard.take(json.dumps(each).encode())
    return heard


def test_each_probe_that_ended_has_an_attempt() -> None:
    heard = hear(
        {"version": "26.1.0", "notes": ["odd"]},
        {"begin": "simd"},
        {"end": "simd", "shown": "yes", "why": "", "facts": {"n": 1}},
        {"done": True},
        flags=("--x",),
    )
    assert (heard.version, heard.notes, heard.at, heard.done) == ("26.1.0", ("odd",), "", True)
    assert heard.attempts["simd"].shown == "yes"
    assert heard.attempts["simd"].flags == ("--x",)
    assert heard.attempts["simd"].facts == {"n": 1}


def test_where_it_died_and_what_it_had_seen_by_then_is_known() -> None:
    heard = hear({"version": "1"}, {"begin": "deep"}, {"seen": "deep", "facts": {"held": 30000}})
    assert heard.at == "deep"
    last = heard.last_words("SIGABRT", crashed=True)
    assert (last.shown, last.why) == ("crashed", "SIGABRT after held 30000")
    assert heard.last_words("late", crashed=False).shown == "unsound"


def test_what_is_told_before_the_version_or_of_another_probe_does_not_count() -> None:
    end = {"end": "simd", "shown": "yes", "why": "", "facts": {}}
    assert not hear({"begin": "simd"}, end).attempts
    assert not hear({"version": "1"}, {"begin": "gc"}, end).attempts
    assert not hear({"version": "1"}, {"begin": "simd"}, {**end, "shown": "perhaps"}).attempts


def test_a_warning_is_kept_but_does_not_spoil_the_rest() -> None:
    heard = Hearing()
    heard.take(b"Warning: experimental\n")
    heard.take(b'{"version": "1"}\n')
    assert heard.version == "1"
    assert heard.nonsense == "it printed 'Warning: experimental'"


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


@given(st.lists(st.binary() | JSON.map(lambda told: json.dumps(told).encode())))
def test_nothing_that_an_engine_prints_raises(lines: list[bytes]) -> None:
    heard = Hearing()
    for line in lines:
        heard.take(line)
    assert set(heard.attempts) <= {"", *(str(each) for each in heard.attempts)}
    assert isinstance(heard.version, str)
