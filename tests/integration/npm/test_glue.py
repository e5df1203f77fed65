"""The npm package reads Emscripten's glue as the command does."""

from __future__ import annotations

import json
import random
import subprocess
from dataclasses import asdict
from pathlib import Path

from stackswitch.lists.glue import read_glue
from stackswitch.tools.paths import node_shim_dir, wheel_node

PARTS = (
    "var a={", "wasmImports={", "env:a", "{env:a,", "wasi_snapshot_preview1:$b}", "$b = {", "key:value,",
    "'k':_v}",
    "f(){return /[,}]/},", "g:(x)=>`${x},`,", '"s":"}",', "/** @export */ k2: _v2,", "}", ",", ";", "\n",
    "b=/^(invoke_.*|wait)$/;", "c = /^(go|main)$/;", "(d.h||b.test(e))", "d.isAsync||c.test(k)", "c.test(e)",
    "new WebAssembly.Suspending(d)", "WebAssembly.promising(l)", "_v.h=!0;", "t.h = true,",
    "_later.isAsync=true;",
    "importPattern = /wait/;", "exportPattern\n=/^(ma?in|x)$/;", "if (importPattern == x)",
    "importPattern=/^(wait)$/;", "exportPatterns=[/^go$/];", 'ASYNCIFY_IMPORTS=["env.wait"];',
)  # fmt: skip


def test_texts_of_the_parts_that_glue_has() -> None:
    chosen = random.Random(1)
    texts = ["".join(chosen.choices(PARTS, k=chosen.randint(1, 40))) for _ in range(3000)]
    program = Path(__file__).with_name("read-glue.mjs")
    done = subprocess.run(
        [wheel_node(), program, node_shim_dir().resolve().as_uri()],
        input=json.dumps(texts), capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    read = [asdict(read_glue(text)) for text in texts]
    expected = [{**each, "marked": sorted(each["marked"])} for each in read]
    assert json.loads(done.stdout) == json.loads(json.dumps(expected))
    assert sum(each["renamed"] for each in read) > 300
    assert sum(bool(each["names"]) for each in read) > 300
