"""Programs that are no engine, or die as one."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from stackswitch.backends.node.cases.jspi import JspiBackend
from stackswitch.errors import EngineError
from stackswitch.transport.connection import ChildDiedError, Connection
from stackswitch.transport.frames import HELLO, PROTOCOL_VERSION, Message, encode
from stackswitch.transport.process import EngineProcess

Program = Callable[[str], Path]
SAY_HELLO = """#!{python}
import os, sys, time
sys.path[:0] = {path!r}
fd = int(sys.argv[-1])
os.write(fd, {hello!r})
{then}
"""


def speaking(program: Program, hello: bytes, then: str = "time.sleep(60)") -> Path:
    import sys

    return program(SAY_HELLO.format(python=sys.executable, path=[], hello=hello, then=then))


async def started(argv: Sequence[object], timeout_s: float = 10.0) -> Connection:
    child = Connection(EngineProcess([str(each) for each in argv]))
    await child.greet(timeout_s)
    return child


def start(run: Any, *argv: object, timeout_s: float = 10.0) -> Connection:
    return run(started(argv, timeout_s))  # type: ignore[no-any-return]


def greeting(version: int = PROTOCOL_VERSION) -> bytes:
    return encode(HELLO, 0, {"protocol": version, "jspi": True})


PING = {"type": "ping"}


def test_a_program_that_says_nothing_is_given_up(run: Any, program: Program) -> None:
    began = time.monotonic()
    with pytest.raises(EngineError, match=r"did not answer within 0\.3 s"):
        start(run, program("#!/bin/sh\nexec sleep 60\n"), timeout_s=0.3)
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("#!/bin/sh\nexit 3\n", "exit status 3"),
        ("#!/bin/sh\necho no such luck >&2; exit 1\n", "no such luck"),
        ("#!/bin/sh\nkill -SEGV $$\n", "SIGSEGV"),
    ],
)
def test_a_program_that_ends_says_how(run: Any, program: Program, text: str, message: str) -> None:
    with pytest.raises(ChildDiedError, match=message):
        start(run, program(text))


def test_a_program_that_prints_without_end_does_not_fill_anything(run: Any, program: Program) -> None:
    with pytest.raises(EngineError, match="did not answer") as caught:
        start(run, program("#!/bin/sh\nexec yes nonsense\n"), timeout_s=0.5)
    assert len(str(caught.value)) < 5000


def test_a_program_that_is_none_cannot_be_started(run: Any, tmp_path: Path, program: Program) -> None:
    with pytest.raises(EngineError, match="cannot be started: No such file"):
        start(run, tmp_path / "nothing")
    with pytest.raises(EngineError, match="cannot be started: Exec format error"):
        start(run, program("\x7fnothing"))


@pytest.mark.parametrize(
    "said", [b"HTTP/1.1 400 Bad Request\r\n", b"\x05\0\0\0\x01body", encode(HELLO, 0, {"a": "b" * (1 << 17)})]
)
def test_nonsense_on_the_wire_is_refused(run: Any, program: Program, said: bytes) -> None:
    with pytest.raises(EngineError, match="does not speak our protocol"):
        start(run, speaking(program, said))


def test_a_child_says_why_it_is_of_no_use(run: Any, program: Program) -> None:
    with pytest.raises(EngineError, match="no such tool"):
        start(run, speaking(program, encode(HELLO, 0, {"protocol": 2, "problem": "no such tool"})))


def test_another_version_of_the_protocol_is_refused(run: Any, program: Program) -> None:
    with pytest.raises(EngineError, match="version 99"):
        start(run, speaking(program, greeting(99)))


def test_everyone_who_waits_is_told_when_the_pipe_closes(run: Any, program: Program) -> None:
    import asyncio

    then = "os.read(fd, 1); print('out of words'); sys.stdout.flush(); os.abort()"
    child = start(run, speaking(program, greeting(), then))

    async def ask() -> list[object]:
        asked = [child.request(PING) for _ in range(3)]
        return await asyncio.gather(*asked, return_exceptions=True)

    errors = run(ask())
    assert [type(each) for each in errors] == [ChildDiedError] * 3
    assert errors[0].ending == "SIGABRT"
    assert "out of words" in errors[0].output
    assert not child.is_usable
    with pytest.raises(ChildDiedError):
        run(child.request(PING))
    child.close()
    child.close()


def test_a_pipe_that_closes_under_a_living_process_ends_it(run: Any, program: Program) -> None:
    child = start(run, speaking(program, greeting(), "os.close(fd); time.sleep(60)"))
    with pytest.raises(ChildDiedError, match="closed its socket"):
        run(child.request(PING))
    child.close()
    with pytest.raises(ProcessLookupError):
        os.kill(child.stream.pid, 0)


def test_many_at_once_get_their_own_answers(run: Any, jspi: JspiBackend) -> None:
    import asyncio

    async def ask() -> list[object]:
        child = await started(jspi.argv)
        answers = await asyncio.gather(*(child.request(PING) for _ in range(500)))
        child.close()
        return list(answers)

    assert run(ask()) == [Message(number, {}, ()) for number in range(1, 501)]


def test_closing_ends_the_process(run: Any, jspi: JspiBackend) -> None:
    child = start(run, *jspi.argv)
    assert child.is_usable
    child.close()
    with pytest.raises(ProcessLookupError):
        os.kill(child.stream.pid, signal.SIGCONT)
