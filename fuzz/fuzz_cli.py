"""Mutate what the command line reads, run it, and judge its exit status and all that it prints and writes.

    python fuzz/fuzz_cli.py [--seconds 60] [--seed N] [--subprocess 0.02] [--output FOLDER]

``cli_trials.py`` makes the commands and their files. Most run in children of this process; some are programs
of their own, in an ASCII locale. A run is a finding if

- its exit status is none that docs/errors.md has, or 70; or it takes more processor seconds than ``SLOW_S``
- what it prints or writes has a control character, text of a traceback, or a line that a CI runner obeys
- its JSON or XML does not parse.

A finding is written to ``--output`` (default: the current folder): the files, the command, what was wrong.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import io
import json
import os
import random
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from cli_trials import Trial, TrialMaker
from fuzz_module import corpus

from stackswitch.cli import entry

sys.path.insert(0, str(Path(__file__).parents[1]))
from tests.hostile import unsafe

STATUSES = {0, 1, 2, *range(4, 22)}
SLOW_S = 30.0
MEMORY_BYTES = 3 << 30
ASCII = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii", "PYTHONCOERCECLOCALE": "0"}


@dataclass(frozen=True)
class Ended:
    """How a run ended."""

    status: int
    stdout: bytes
    stderr: bytes
    seconds: float


def start(trial: Trial, folder: Path, *, apart: bool) -> Ended:
    """Run a trial: in a child of this process, or (``apart``) as a program of its own in an ASCII locale."""
    for name, data in trial.files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.is_dir():
            path.write_bytes(data)
    before = children_s()
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        if apart:
            argv = [sys.executable, "-m", "stackswitch", *trial.args]
            env = {**os.environ, **ASCII}
            done = subprocess.run(
                argv, cwd=folder, env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=err, check=False
            )
            status = done.returncode
        else:
            status = _forked(trial.args, folder, out.fileno(), err.fileno())
        seconds = children_s() - before
        out.seek(0)
        err.seek(0)
        return Ended(status, out.read(), err.read(), seconds)


def children_s() -> float:
    """Processor seconds of the children that have ended: what a busy machine does not change."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _forked(args: Sequence[str], folder: Path, out: int, err: int) -> int:
    child = os.fork()
    if child == 0:
        status = 99
        try:
            os.chdir(folder)
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            os.dup2(out, 1)
            os.dup2(err, 2)
            sys.stdin, sys.stdout, sys.stderr = os.fdopen(0), os.fdopen(1, "w"), os.fdopen(2, "w")
            sys.argv = ["stackswitch", *args]
            status = entry.run()
        except BaseException as error:  # noqa: BLE001 (any is a finding)
            os.write(2, f"passed main: {error!r}".encode("utf-8", "replace"))
        finally:
            os._exit(status)
    _, ended = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(ended)


def problems(trial: Trial, ended: Ended, folder: Path) -> list[str]:
    """What is wrong with how a trial ended; nothing: all is right."""
    found = []
    # `run` exits with a guest's own status.
    if ended.status not in STATUSES and not (
        trial.args[0] == "run" and 0 <= ended.status < 256 and ended.status not in (70, 98, 99)
    ):
        found.append(f"exit status {ended.status}")
    if ended.seconds > SLOW_S:
        found.append(f"took {ended.seconds:.0f} processor seconds")
    annotations = "--annotations" in trial.args
    found += [f"stdout: {each}" for each in unsafe(ended.stdout, annotations=annotations)]
    found += [f"stderr: {each}" for each in unsafe(ended.stderr)]
    args = list(trial.args)
    for option, parse in (("--json", json.loads), ("--junit", ElementTree.fromstring)):
        if option in args and ended.status in (0, 1):
            place = args[args.index(option) + 1]
            found += _parsed(ended.stdout if place == "-" else folder / place, parse, option)
    for path in folder.glob("out.*"):
        if path.suffix in (".json", ".jsonl", ".md", ".html", ".xml") and path.name not in trial.files:
            found += [f"{path.name}: {each}" for each in unsafe(path.read_bytes())]
    return found


def _parsed(where: bytes | Path, parse: Callable[[bytes], object], option: str) -> list[str]:
    if isinstance(where, Path) and not where.is_file():
        return []
    try:
        parse(where if isinstance(where, bytes) else where.read_bytes())
    except (ValueError, ElementTree.ParseError) as error:
        return [f"{option}: {error}"]
    return []


def warm_up() -> None:
    """Read what every child would read again: modules of Python, and patterns that take long to compile."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        (folder / "m.wasm").write_bytes(corpus(None)[0])
        report = ["report", "--html", str(folder / "o.html"), "--junit", str(folder / "o.xml")]
        for args in (["analyze"], report):
            sys.argv = ["stackswitch", *args, str(folder / "m.wasm")]
            unread = io.StringIO()
            quiet = contextlib.redirect_stdout(unread), contextlib.redirect_stderr(unread)
            with quiet[0], quiet[1]:
                entry.run()
    gc.freeze()


def main() -> int:
    """Run trials until the time is over; keep what was found."""
    parser = argparse.ArgumentParser(description="fuzz the command line")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=time.time_ns())
    parser.add_argument(
        "--subprocess", type=float, default=0.02, help="the share of runs as a program of its own"
    )
    parser.add_argument("--output", type=Path, default=Path())
    parser.add_argument("--go-on", action="store_true", help="do not stop at the first finding")
    options = parser.parse_args()

    warm_up()
    maker = TrialMaker(random.Random(options.seed), corpus(None))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    statuses: Counter[tuple[str, int]] = Counter()
    seen: set[str] = set()
    count, begun = 0, time.monotonic()
    while time.monotonic() - begun < options.seconds:
        trial = maker.trial()
        count += 1
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place)
            try:
                ended = start(trial, folder, apart=maker.chance(options.subprocess))
            except OSError as error:
                if error.errno in (36, 22):  # a file name that is too long or none
                    continue
                raise
            statuses[trial.args[0] if ended.status != 2 else "usage", ended.status] += 1
            wrong = problems(trial, ended, folder)
            if wrong:
                key = (
                    re.sub(r"\d+|'.*", "", wrong[0])
                    + ended.stderr.decode("utf-8", "replace").split("\n")[0][:60]
                )
                if key in seen:
                    continue
                seen.add(key)
                kept = options.output / f"finding-{options.seed}-{count}"
                shutil.copytree(folder, kept)
                lines = [
                    ascii(trial.args),
                    *map(ascii, wrong),
                    f"stdout: {ended.stdout!r}",
                    f"stderr: {ended.stderr!r}",
                ]
                (kept / "FINDING.txt").write_text("\n".join(lines) + "\n", "utf-8")
                print(
                    f"{kept}: {trial.args!a}: {wrong!a}\n  {ended.stderr[-600:]!a}",
                    file=sys.stderr,
                )
                if not options.go_on:
                    return 1
    print(f"{count} runs, seed {options.seed}, {children_s():.0f} processor seconds")
    print(", ".join(f"{name} {status}: {many}" for (name, status), many in sorted(statuses.items())))
    return 1 if seen else 0


if __name__ == "__main__":
    sys.exit(main())
