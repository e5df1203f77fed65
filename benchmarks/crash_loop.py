"""The loop everyone has today, beside ours: run, crash, read the trap's stack, add its names, build again.

Usage: python benchmarks/crash_loop.py [lua|sqlite]… [--draws N] [--seconds N] [--json F]

Prints a table for the docs, a line for each run on stderr as it ends.

Both start from the same list and run the same suite on the same Asyncify backend, two cases at a time, with
an empty build cache. The loop is given more than people have: every failing case of a round is read, not just
one; the stack of every trap, up to wasmtime's limit of 20 frames, and that of every breach of Asyncify's
protocol, which a plain host would not notice; and a rebuild is one run of Binaryen, not of the module's own
build. It ends when the suite passes, or when no failing case shows a name that is new.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import random
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from stackswitch.backends.base import Backend, LoadedCase
from stackswitch.backends.registry import BackendOptions, open_backend
from stackswitch.backends.wasmtime.cases.backend import AsyncifyBackend
from stackswitch.backends.wasmtime.engine import WasmtimeEngine
from stackswitch.binaryen.asyncify import Binaryen
from stackswitch.binaryen.cache import BuildCache
from stackswitch.binaryen.locate import find_wasm_opt
from stackswitch.fix.evidence import EvidenceOptions, FixRequest
from stackswitch.fix.loop import fix_lists
from stackswitch.fix.sources import apply_lists, has_lists, shared_source
from stackswitch.fix.suite_evidence import SuiteEvidence
from stackswitch.models.result import Observation
from stackswitch.suite import CONFORMANCE_SUITE
from stackswitch.suite.expectations import judge
from stackswitch.suite.loader import Suite, load_suite
from stackswitch.suite.runner import observe_case

JOBS = 2
MOST_ROUNDS = 60


@dataclass
class Ended:
    """How one way ended, from one list to start with."""

    rounds: int
    seconds: float
    passes: bool
    failing: int
    missing: int
    superfluous: int


Found = dict[str, tuple[list[Ended], list[Ended]]]
"""By what was gone: how the loop ended, and how ours did."""


def cases_of(program: str) -> Suite:
    """The suite's cases of a program that end well on Asyncify and have no list of their own."""
    suite = load_suite(CONFORMANCE_SUITE, (f"programs/{program}-*",))
    chosen = [
        each
        for each in suite.cases
        if not has_lists(each) and not each.case.differs and each.case.expect.outcome == "returned"
    ]
    return suite.model_copy(update={"cases": tuple(chosen)})


async def observed(backend: Backend, cases: Sequence[LoadedCase]) -> list[tuple[LoadedCase, Observation]]:
    """Run cases, so many at a time."""
    slots = asyncio.Semaphore(JOBS)

    async def one(loaded: LoadedCase) -> tuple[LoadedCase, Observation]:
        async with slots:
            return loaded, await observe_case(loaded, backend)

    return list(await asyncio.gather(*map(one, cases)))


async def crash_loop(suite: Suite, only: list[str], backend: Backend, needed: set[str]) -> Ended:
    """Run, read what crashed, add what its stack shows, again."""
    started = time.perf_counter()
    names = list(only)
    rounds = 0
    while rounds < MOST_ROUNDS:
        rounds += 1
        lists = {"ASYNCIFY_ONLY": tuple(names)}
        failing = 0
        shown: set[str] = set()
        for loaded, seen in await observed(backend, [apply_lists(each, lists) for each in suite.cases]):
            if not judge(loaded.case, backend.info, seen).as_expected:
                failing += 1
                shown.update(name for step in seen.steps if step.trap for name in step.trap.frames)
        new = shown - set(names)
        if not failing or not new:
            break
        names += sorted(new)
    return Ended(
        rounds=rounds,
        seconds=time.perf_counter() - started,
        passes=not failing,
        failing=failing,
        missing=len(needed - set(names)),
        superfluous=len(set(names) - needed - set(only)),
    )


async def ours(
    suite: Suite, only: list[str], asyncify: Backend, jspi: Backend, needed: set[str]
) -> tuple[Ended, set[str]]:
    """What ``stackswitch fix`` does; returns the list too."""
    started = time.perf_counter()
    source = shared_source(Path("only.txt"), "".join(f"{name}\n" for name in only).encode() or None)
    evidence = SuiteEvidence(suite, source, asyncify, jspi, options=EvidenceOptions(jobs=JOBS))
    fixed = await fix_lists(evidence, FixRequest())
    report = fixed.report
    names = set(fixed.sources[0].lists["ASYNCIFY_ONLY"])
    needed = needed or names
    ended = Ended(
        rounds=report.rounds,
        seconds=time.perf_counter() - started,
        passes=report.verdict == "verified",
        failing=sum(not each.as_expected for each in report.results),
        missing=len(needed - names),
        superfluous=len(names - needed - set(only)),
    )
    return ended, names


async def backend(cache: Path, *, detect: bool) -> AsyncifyBackend:
    """Asyncify on wasmtime with a build cache of its own."""
    binaryen = Binaryen(await find_wasm_opt(), cache=BuildCache(cache))
    return AsyncifyBackend(WasmtimeEngine(), binaryen, detect="stack" if detect else "state")


async def measure(program: str, draws: int, until: float) -> AsyncIterator[tuple[str, Ended, Ended]]:
    """Both ways from an empty list, then from lists with one name gone and with five, in turn.

    :param until: when to begin no further draw, by ``time.perf_counter``
    """
    suite = cases_of(program)
    jspi = await open_backend("jspi", BackendOptions(jobs=JOBS))

    async def both(kept: list[str], needed: set[str]) -> tuple[Ended, Ended, set[str]]:
        with tempfile.TemporaryDirectory(prefix="stackswitch-loop-") as folder:
            seeing = await backend(Path(folder, "ours"), detect=True)
            blind = await backend(Path(folder, "loop"), detect=False)
            try:
                mine, names = await ours(suite, kept, seeing, jspi, needed)
                return await crash_loop(suite, kept, blind, needed or names), mine, names
            finally:
                await seeing.aclose()
                await blind.aclose()

    try:
        loop, mine, needed = await both([], set())
        print(f"{program}: {len(suite.cases)} cases, {len(needed)} names", file=sys.stderr, flush=True)
        yield "all", loop, mine
        choose = random.Random(program)
        for _ in range(draws):
            for label, count in (("five", 5), ("one", 1)):
                if time.perf_counter() >= until:
                    return
                gone = set(choose.sample(sorted(needed), count))
                loop, mine, _ = await both(sorted(needed - gone), needed)
                yield label, loop, mine
    finally:
        await jspi.aclose()


async def gathered(program: str, draws: int, seconds: float) -> Found:
    """Measure a program, telling each run as it ends."""
    found: Found = {}
    async for label, loop, mine in measure(program, draws, time.perf_counter() + seconds):
        runs = found.setdefault(label, ([], []))
        runs[0].append(loop)
        runs[1].append(mine)
        print(f"{program}, {label}: {loop} {mine}", file=sys.stderr, flush=True)
    return found


def row(program: str, gone: str, way: str, runs: list[Ended]) -> str:
    """One line of the table."""

    def spread(values: list[float], digits: int = 0) -> str:
        middle = f"{statistics.median(values):.{digits}f}"
        if len(set(values)) == 1:
            return middle
        return f"{middle} ({min(values):.{digits}f} to {max(values):.{digits}f})"

    passes = sum(each.passes for each in runs)
    short = sum(each.missing > 0 for each in runs)
    return (
        f"| {program} | {gone} | {way} | {spread([each.rounds for each in runs])}"
        f" | {spread([each.seconds for each in runs], 1)} | {passes} of {len(runs)} | {short} of {len(runs)}"
        f" | {spread([each.missing for each in runs])} | {spread([each.superfluous for each in runs])} |"
    )


HEAD = (
    "| module | names gone | | rounds | seconds | the suite passes | ends with names missing"
    " | names missing | names added for nothing |\n|---|---|---|---|---|---|---|---|---|"
)


def told(program: str, found: Found) -> str:
    """The table's lines of a program."""
    return "\n".join(
        f"{row(program, f'{gone}, {len(loop)} draws' if len(loop) > 1 else gone, 'the loop', loop)}\n"
        f"{row(program, '', '`fix`', mine)}"
        for gone, (loop, mine) in found.items()
    )


def plain(found: Found) -> dict[str, dict[str, list[dict[str, object]]]]:
    """Every run, for JSON."""
    return {
        gone: {"loop": [asdict(each) for each in loop], "fix": [asdict(each) for each in mine]}
        for gone, (loop, mine) in found.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("programs", nargs="*", default=["lua", "sqlite"])
    parser.add_argument("--draws", type=int, default=10, help="how many random gaps of each size")
    parser.add_argument("--seconds", type=float, default=math.inf, help="of each: then no draw is begun")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every run as JSON")
    options = parser.parse_args()
    print(HEAD)
    everything = {}
    for program in options.programs:
        found = asyncio.run(gathered(program, options.draws, options.seconds))
        print(told(program, found), flush=True)
        everything[program] = plain(found)
        if options.json:
            options.json.write_text(json.dumps(everything, indent=2) + "\n")


if __name__ == "__main__":
    main()
