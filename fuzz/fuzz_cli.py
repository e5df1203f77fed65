"""Mutate what the command line reads, run it, and judge its exit status and all that it prints and writes.

    python fuzz/fuzz_cli.py [--seconds 60] [--seed N] [--subprocess 0.02] [--output FOLDER]

A run is a command with mutated files: modules, traces, results, TOML, files with lists, symbol files. Most
are children of this process; some are programs of their own, in an ASCII locale. A run is a finding if

- its exit status is none that docs/errors.md has, or 70; or it takes more processor seconds than ``SLOW_S``
- what it prints or writes has a control character, text of a traceback, or a line that a CI runner obeys
- its JSON or XML does not parse.

A finding is written to ``--output`` (default: the current folder): the files, the command, what was wrong.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import hashlib
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

from fuzz_module import corpus, mutate

from stackswitch.cli import entry
from stackswitch.errors import WasmFormatError
from stackswitch.wasm.module import parse_module

sys.path.insert(0, str(Path(__file__).parents[1]))
from tests.hostile import NAMES, hostile_module, hostile_part, hostile_results, hostile_trace, text_of, unsafe

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


@dataclass(frozen=True)
class Trial:
    """A command in a folder of files: its arguments, and the results that it writes there."""

    args: tuple[str, ...]
    files: dict[str, bytes]


class Maker:
    """Makes trials from mutated seeds."""

    def __init__(self, random_: random.Random, modules: list[bytes]) -> None:
        self.random = random_
        self.modules = modules

    def trial(self) -> Trial:
        """Make one."""
        kinds: tuple[tuple[Callable[[], Trial], int], ...] = (
            *((self.analyze, 8), (self.report, 8), (self.fix_check, 3), (self.run, 4), (self.init, 2)),
            *((self.test, 2), (self.trace_from, 2), (self.instrument, 1), (self.usage, 2), (self.shard, 1)),
        )
        makes, weights = zip(*kinds, strict=True)
        made: Trial = self.random.choices(makes, weights)[0]()
        if self.chance(0.1):
            made.files["stackswitch.toml"] = self.toml()
        return made

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def name(self) -> bytes:
        return (
            self.random.choice(NAMES)
            if self.chance(0.8)
            else self.random.randbytes(self.random.randint(0, 9))
        )

    def names(self, count: int) -> list[bytes]:
        if self.chance(0.3):
            return [self.name()] * count
        return [self.name() for _ in range(count)]

    def texts(self, count: int) -> list[str]:
        return [
            each.decode("utf-8", self.random.choice(["replace", "surrogateescape"]))
            for each in self.names(count)
        ]

    def argument(self) -> str:
        return os.fsdecode(self.name().replace(b"\0", b"")) or "x"

    def module(self) -> bytes:
        if self.chance(0.3):
            return mutate(self.random, self.modules)
        made = hostile_module(self.names(7))
        return mutate(self.random, [made]) if self.chance(0.4) else made

    def bent(self, data: bytes) -> bytes:
        """A text, perhaps with bytes changed, cut, doubled, or with a value that is out of proportion."""
        kind = self.random.randrange(20)
        if kind < 5 or kind > 11:
            return data
        if kind == 5:
            return data[: self.random.randrange(len(data) + 1)]
        if kind == 6:
            return mutate(self.random, [data or b"x"])
        if kind == 7:
            return data.replace(
                b"1",
                self.random.choice([b"9" * 5000, b"NaN", b"-1", b"1e999", b"null", b"18446744073709551616"]),
            )
        if kind == 8:
            depth = self.random.choice([200, 5000, 200_000])
            return self.random.choice([b"[", b'{"a":', b"x = [", b"[a.", b"("]) * depth + data
        if kind == 9:
            return data.replace(b'"', self.random.choice([b"'", b"", b'\\"', b'\\ud800"']))
        if kind == 10:
            return self.random.choice([b"", b"\0", b"\xff\xfe", b"\xef\xbb\xbf"]) + data
        return data + data

    def trace(self, module: bytes) -> bytes:
        try:
            parsed = parse_module(module)
            first = next(iter(parsed.function_imports()))
            import_ = f"{first.module}.{first.name}"
        except (WasmFormatError, StopIteration):
            import_ = ""
        of = f"sha256:{hashlib.sha256(module).hexdigest()}"
        return self.bent(hostile_trace(of if self.chance(0.8) else "sha256:x", self.texts(2), import_))

    def results(self) -> bytes:
        return self.bent(hostile_results(self.texts(2)))

    def list_file(self) -> tuple[str, bytes]:
        quoted = json.dumps(self.texts(2)).encode("utf-8", "surrogateescape")
        forms = {
            "names.txt": b"\n".join(self.names(3)),
            "Dockerfile": b"FROM x\nRUN emcc -sASYNCIFY_ONLY=" + quoted + b" a.c\n",
            "list.json": b'{"ASYNCIFY_ONLY": ' + quoted + b"}",
            "list.toml": b"ASYNCIFY_ONLY = " + quoted,
            "Makefile": b"ASYNCIFY_ONLY = " + quoted + b"\n",
            "CMakeLists.txt": b"set(ASYNCIFY_ONLY " + quoted + b")\n",
            "build.sh": b"export ASYNCIFY_ONLY='" + quoted + b"'\n",
        }
        name = self.random.choice(sorted(forms))
        return name, self.bent(forms[name])

    def symbols(self) -> bytes:
        return self.bent(b"".join(b"%d:%s\n" % (at, each) for at, each in enumerate(self.names(3))))

    def toml(self) -> bytes:
        name = json.dumps(self.texts(1)[0])
        lines = [
            f"suite = {name}", f"backends = [{name}]", f"engine = {name}", "jobs = 1", f"lists = {name}",
            f"[lists]\nfile = {name}\nnever = [{name}]", f"[report.silence]\n{name} = {name}",
            f"[fix]\nbuild = {name}", f"[asyncify]\n{name} = [{name}]",
        ]  # fmt: skip
        return self.bent(
            "\n".join(self.random.sample(lines, self.random.randint(1, 3))).encode("utf-8", "replace")
        )

    def formats(self, *known: str) -> list[str]:
        names = {"json": "out.json", "markdown": "out.md", "html": "out.html", "junit": "out.xml"}
        args = []
        dash = self.random.choice(known) if self.chance(0.3) else ""
        for each in known:
            if each == dash or self.chance(0.5):
                args += [f"--{each}", "-" if each == dash else names[each]]
        return args

    def analyze(self) -> Trial:
        module = self.module()
        file = self.random.choice(["m.wasm", self.argument().replace("/", "") or "x"])
        files = {file: module}
        args = ["analyze", *self.formats("json", "markdown")]
        if self.chance(0.5):
            files["t.jsonl"] = self.trace(module)
            args += ["--trace", "t.jsonl"]
        if self.chance(0.4):
            name, data = self.list_file()
            files[name] = data
            args += ["--list", name]
        if self.chance(0.2):
            files["s.symbols"] = self.symbols()
            args += ["--symbols", "s.symbols"]
        if self.chance(0.2):
            args += ["--why", self.argument()]
        if self.chance(0.2):
            args += ["--imports", self.argument()]
        return Trial((*args, *(["--strict"] if self.chance(0.2) else []), "--", file), files)

    def report(self) -> Trial:
        module = self.module()
        files = {"r.json": self.results(), "m.wasm": module}
        args = ["report", *self.formats("json", "markdown", "html", "junit")]
        if "-" not in args and self.chance(0.3):
            args.append("--annotations")
        if self.chance(0.6):
            args.append("r.json")
        if self.chance(0.6) or "r.json" not in args:
            args.append("m.wasm")
        if self.chance(0.5):
            files["t.jsonl"] = self.trace(module)
            args += ["--trace", "t.jsonl"]
        if self.chance(0.3):
            name, data = self.list_file()
            files[name] = data
            args += ["--list", name]
        for option in ("--compare", "--detect", "--bench"):
            if self.chance(0.15):
                files["other.json"] = self.results()
                args += [option, "other.json"]
        if self.chance(0.2):
            args += ["--title", self.argument()]
        return Trial(tuple(args), files)

    def fix_check(self) -> Trial:
        module = self.module()
        name, data = self.list_file()
        files = {"m.wasm": module, "t.jsonl": self.trace(module), name: data}
        args = ["fix", "--check", "--trace", "t.jsonl", "--module", "m.wasm", "--list", name]
        return Trial((*args, *self.formats("json"), *(["--diff"] if self.chance(0.5) else [])), files)

    def instrument(self) -> Trial:
        name, data = self.list_file()
        args = ("instrument", "m.wasm", "-o", "out.wasm", "--list", name, *self.formats("json"))
        return Trial(args, {"m.wasm": self.module(), name: data})

    def run(self) -> Trial:
        export = self.argument()
        args = [
            "run",
            "--backend",
            self.random.choice(["fiber", "asyncify"]),
            "--deadline",
            "2",
            *self.formats("json"),
        ]
        return Trial(
            (*args, "--", "m.wasm", self.random.choice([export, "main", "f"])), {"m.wasm": self.module()}
        )

    def init(self) -> Trial:
        name, data = self.list_file()
        file = self.argument().replace("/", "") or "x"
        return Trial(
            ("init", "."), {"m.wasm": self.module(), name: data, file: self.module(), "c.toml": self.case()}
        )

    def case(self) -> bytes:
        text = json.dumps(text_of(self.name()))
        parts = [f"why = {text}", 'source = "m.wasm"', f"export = {text}"]
        parts += [f"host = [{{import = {text}, delay_ms = 1}}]", "[expect]", f"stdout = {text}"]
        return self.bent("\n".join(parts).encode())

    def test(self) -> Trial:
        file = (self.argument().replace("/", "") or "x") + ".toml"
        args = [
            "test",
            "s",
            "--backend",
            self.random.choice(["asyncify", "fiber"]),
            *self.formats("json", "junit"),
        ]
        module, case = self.module(), self.case()
        if self.chance(0.7):  # they fit each other
            names = self.names(7)
            module = hostile_module(names)
            import_, export, why = (
                f"{text_of(names[0])}.{text_of(names[1])}",
                text_of(names[2]),
                text_of(names[3]),
            )
            case = (
                f'why = {json.dumps(why or "x")}\nsource = "m.wasm"\nexport = {json.dumps(export)}\n'
                f"host = [{{import = {json.dumps(import_)}, delay_ms = 1}}]\n[expect]\nsuspensions = 1\n"
            ).encode()
            file = "c.toml"
        return Trial(tuple(args), {f"s/{file}": case, "s/m.wasm": module})

    def shard(self) -> Trial:
        files = {"s/c.toml": self.case(), "s/m.wasm": self.module(), "d.json": self.results()}
        return Trial(("test", "s", "--backend", "fiber", "--shard", "1/2", "--durations", "d.json"), files)

    def trace_from(self) -> Trial:
        module = self.module()
        sha256 = hashlib.sha256(module).hexdigest()
        part = self.bent(hostile_part(sha256, len(module), self.texts(2)))
        files = {"p/1-0.part.jsonl": part, f"p/{sha256}.wasm": module}
        return Trial(("trace", "--from", "p", "--output", "out.jsonl"), files)

    def usage(self) -> Trial:
        command = self.random.choice(
            ["analyze", "report", "test", "fix", "run", "detect", "matrix", self.argument()]
        )
        return Trial(
            (
                command,
                *(self.argument() for _ in range(self.random.randint(0, 2))),
                "--help" * self.chance(0.2) or "--nope",
            ),
            {},
        )


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
    maker = Maker(random.Random(options.seed), corpus(None))
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
