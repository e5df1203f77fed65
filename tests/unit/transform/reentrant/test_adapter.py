"""The specification that the transform and the npm package read is the one that its sources make."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from string import Formatter
from typing import get_args

import pytest

from stackswitch.errors import ModuleRefusedError
from stackswitch.transform import reentrant
from stackswitch.transform.reentrant.adapter import Links, adapter, linked, refusal
from stackswitch.transform.reentrant.other_schemes import Scheme

DOCS = Path(__file__).parents[4] / "docs"
FOLDER = Path(reentrant.__file__).parent


def test_it_is_what_its_sources_make(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(DOCS))
    from adapter_source import adapter_files  # type: ignore[import-not-found]

    for path, text in adapter_files().items():
        assert path.read_text("utf-8") == text, f"{path.name} is stale: run python docs/generate.py"
    sys.modules.pop("adapter_source")


def test_the_npm_package_has_the_same_data() -> None:
    script = (DOCS.parent / "node_shim" / "reentrant" / "adapter.mjs").read_text("utf-8")
    data = script.partition("export default ")[2].rstrip().removesuffix(";")
    assert json.loads(data) == json.loads((FOLDER / "adapter.json").read_text("utf-8"))


def test_every_message_is_used_and_every_one_that_is_used_is_there() -> None:
    files = [*FOLDER.glob("*.py"), *(FOLDER.parents[1] / "analysis").glob("*.py")]
    files.append(FOLDER.parents[1] / "cli" / "reentrant.py")
    code = "\n".join(path.read_text("utf-8") for path in files)
    for function, known in (
        ("refusal", adapter().refusals),
        ("mistake", adapter().mistakes),
        ("note", adapter().notes),
        ("shown", adapter().evidence),
    ):
        used = set(re.findall(rf'\b{function}\(\s*"([^"]+)"', code))
        unused = known.keys() - used - set(get_args(Scheme))  # by a loop
        assert not unused
        assert used <= known.keys()


def test_messages_have_names_in_braces_only() -> None:
    known = adapter()
    for messages in (known.refusals, known.mistakes, known.notes, known.evidence, known.titles):
        for text in messages.values():
            for _, name, how, conversion in Formatter().parse(text):
                assert name is None or name.isidentifier()
                assert not how
                assert not conversion


def test_a_reason_is_what_stands_before_the_colon() -> None:
    error = refusal("no-stack-pointer:initial", index=3, evidence="the name section")
    assert isinstance(error, ModuleRefusedError)
    assert error.reason == "no-stack-pointer"
    assert str(error).startswith("global 3 (the name section) does not start")


def test_a_template_gets_what_depends_on_the_module() -> None:
    template = ["41", ["constant", "N"], "10", ["index", "$f"], ["when", "x", ["01", ["part", "p"]]]]
    links = Links({"$f": 300}, {"p": b"\x0f"}, {"N": -65}, has=("x",))
    assert linked(template, links) == b"\x41\xbf\x7f\x10\xac\x02\x01\x0f"
    assert linked(template, Links({"$f": 1}, {}, {"N": 0})) == b"\x41\x00\x10\x01"
