from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stackswitch.engines.probe_output import ProbeOutput
from stackswitch.engines.probe_runner import how_ended, why_no_version
from stackswitch.tools.processes import Ended


def read(*records: object, flags: tuple[str, ...] = ()) -> ProbeOutput:
    output = ProbeOutput(flags)
    for each in records:
        output.read_line(json.dumps(each).encode())
    return output


def test_each_probe_that_ended_has_an_attempt() -> None:
    output = read(
        {"version": "26.1.0", "program": "/n", "notes": ["odd"]},
        {"begin": "simd"},
        {"end": "simd", "shown": "yes", "why": "", "facts": {"n": 1}},
        {"done": True},
        flags=("--x",),
    )
    assert (output.version, output.notes, output.running, output.done) == ("26.1.0", ("odd",), "", True)
    assert output.program == "/n"
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


@pytest.mark.parametrize(
    ("stdout", "status", "stderr", "reason"),
    [
        (b"", 9, b"x: bad option: --jspi\n", "it does not take --jspi"),
        (b"", 9, b"V8 did not recognize flag '--jspi'\n", "it does not take --jspi"),
        (b"", 1, b"ERROR: invalid option: --useJSPI=1\n", "it does not take --useJSPI=1"),
        (b"", -11, b"", "it ended with SIGSEGV"),
        (b"", -6, b"\nwords\nin f: Fatal error\n", "it ended with SIGABRT (in f: Fatal error)"),
        (b"", 101, b"thread 'main' (12) panicked at x", "it ended with exit status 101 (panicked at x)"),
        (b"", 3, b"out of luck\nmore\n", "it ended with exit status 3 (out of luck)"),
        (b"", 0, b"", "it printed nothing"),
        (b"hello", 0, b"", "it printed 'hello'"),
        (b"[1]", 0, b"", "it printed '[1]'"),
        (b'{"version": 3}', 0, b"", "it printed '{\"version\": 3}'"),
        (b"\xff\xfe", 0, b"", "it printed '\ufffd\ufffd'"),
        (b"", None, b"", "it said nothing for 2 s"),
    ],
)
def test_an_engine_without_a_version_has_a_reason(
    stdout: bytes, status: int | None, stderr: bytes, reason: str
) -> None:
    output = ProbeOutput()
    if stdout:
        output.read_line(stdout)
    assert why_no_version(Ended(status, stdout, stderr), output, 2.0) == reason


def test_an_engine_that_was_killed_for_its_output_ended_so() -> None:
    assert how_ended(Ended(None, b"", b"", too_much=True)) == "too much output"


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
