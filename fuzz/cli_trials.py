"""Commands with mutated files, for ``fuzz_cli.py``: modules, traces, results, TOML, lists, symbols."""

from __future__ import annotations

import hashlib
import json
import os
import random
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from fuzz_module import mutate

from stackswitch.errors import WasmFormatError
from stackswitch.wasm.module import parse_module

sys.path.insert(0, str(Path(__file__).parents[1]))
from tests.hostile import NAMES, hostile_module, hostile_part, hostile_results, hostile_trace, text_of


@dataclass(frozen=True)
class Trial:
    """A command in a folder of files: its arguments, and the results that it writes there."""

    args: tuple[str, ...]
    files: dict[str, bytes]


class TrialMaker:
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
