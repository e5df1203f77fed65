"""The section of a build that reports: what it has instrumented, for a host to compare stacks with.

A host's hook (``node_shim/report.mjs``) reads it where Asyncify is about to unwind. JSON, as hooks are small:
``{"schema_version": 1, "module", "functions", "instrumented": [[first, last], …], "imports": […]}``.
``module`` is the hash of the module before Asyncify if function indexes are the same there, so that what the
field reports matches it; else that of the build without this section. ``imports`` may suspend.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pydantic import BaseModel, ConfigDict, ValidationError

from .asyncified import instrumented_functions
from .encoding import CUSTOM, iterate_sections, name, section
from .function_names import binaryen_names
from .module import Module, parse_module

SECTION = "stackswitch.instrumented"


class ReportSection(BaseModel):
    """What the section holds; ``instrumented`` are ranges of function indexes, both ends counted."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    schema_version: int = 1
    module: str
    functions: int
    instrumented: tuple[tuple[int, int], ...]
    imports: tuple[str, ...]

    def indexes(self) -> frozenset[int]:
        """Return the instrumented functions."""
        return frozenset(each for first, last in self.instrumented for each in range(first, last + 1))


def with_report_section(wasm: bytes, original: Module, imports: Sequence[str]) -> bytes:
    """Return an Asyncify build with the section in it.

    :param original: the module as it was before
    :param imports: those that may suspend, ``module.name``
    :raises WasmFormatError: code is malformed
    """
    build = parse_module(wasm)
    count = original.function_count
    same = build.imported_function_count == original.imported_function_count and binaryen_names(build)[
        :count
    ] == binaryen_names(original)
    report = ReportSection(
        module=(original if same else build).sha256,
        functions=build.function_count,
        instrumented=tuple(_ranges(instrumented_functions(build))),
        imports=tuple(imports),
    )
    return wasm + section(CUSTOM, name(SECTION) + report.model_dump_json().encode())


def read_report_section(module: Module) -> ReportSection | None:
    """Return what a build's section says; None: it has none, or one that does not fit it any more."""
    for number, _, content in iterate_sections(module.data):
        if number == CUSTOM and content.raw_name(content.left) == SECTION.encode():
            try:
                found = ReportSection.model_validate_json(content.take(content.left))
            except ValidationError:
                return None
            return found if found.functions == module.function_count else None
    return None


def find_instrumented(module: Module) -> frozenset[int]:
    """Return the functions that a build has instrumented: as its section says, else read from the code.

    :raises WasmFormatError: code is malformed
    """
    report = read_report_section(module)
    return instrumented_functions(module) if report is None else report.indexes()


def _ranges(indexes: Iterable[int]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for each in sorted(indexes):
        if found and found[-1][1] == each - 1:
            found[-1] = (found[-1][0], each)
        else:
            found.append((each, each))
    return found
