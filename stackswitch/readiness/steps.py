"""The steps from Asyncify to JSPI, the smallest first, each with flags, lists or code to copy."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from shlex import quote

from stackswitch.models.readiness import EngineVerdict, Finding, ListReport, MigrationStep

from .judge_traces import ran_on_jspi
from .reentrant import OF_INVOKES, invokes_step, stacks_step
from .verdict_inputs import VerdictInputs

_MOST_INLINE = 12
_BOTH = """\
import {{ hasNativeJspi, install }} from "stackswitch-jspi";

const file = hasNativeJspi() ? "{plain}" : "{asyncified}";
install();   // leaves an engine's own JSPI alone"""


def steps_of(
    inputs: VerdictInputs,
    findings: Sequence[Finding],
    lists: Sequence[ListReport],
    engines: Sequence[EngineVerdict],
) -> tuple[MigrationStep, ...]:
    """Return the steps in the order in which to take them."""
    by_rule: dict[str, list[Finding]] = {}
    for each in findings:
        if not each.silenced:
            by_rule.setdefault(each.rule, []).append(each)
    if not ran_on_jspi(inputs):
        return (
            *_to_know(inputs),
            *_flags(by_rule, inputs),
            *_lists_of_jspi(lists),
            *_mend(by_rule),
            *_concurrency(by_rule, inputs),
        )
    return (
        *_flags(by_rule, inputs),
        *_lists_of_jspi(lists),
        *_engine_flags(engines),
        *_list_of_asyncify(by_rule),
        *_mend(by_rule),
        *_concurrency(by_rule, inputs),
        *_both_builds(by_rule, inputs, engines),
        *_later(by_rule, inputs),
    )


def _file(inputs: VerdictInputs) -> str:
    return inputs.module.name if inputs.module is not None else "app.wasm"


def _to_know(inputs: VerdictInputs) -> Iterator[MigrationStep]:
    yield MigrationStep(
        title="Run the cases on both backends",
        text="A case is a few lines of TOML beside the module, or any command that starts Node on your own "
        "glue.",
        code="stackswitch init\nstackswitch test --json results.json --traces traces",
        language="sh",
        rules=("not-run",),
    )
    yield MigrationStep(
        title="Or trace your own program, unchanged",
        code="stackswitch trace --output program.jsonl -- node program.mjs",
        language="sh",
    )
    yield MigrationStep(
        title="Probe the engines that you support, and report again",
        code="stackswitch detect --json engines.json\n"
        f"stackswitch report results.json {quote(_file(inputs))} --traces traces --detect engines.json "
        "--html report.html",
        language="sh",
        rules=("engines-not-asked",),
    )


def _flags(by_rule: dict[str, list[Finding]], inputs: VerdictInputs) -> Iterator[MigrationStep]:
    of_invokes = [rule for rule in OF_INVOKES if rule in by_rule]
    if of_invokes:
        yield invokes_step(inputs, of_invokes, shared="shared-stack" in by_rule)
    is_given = inputs.proposal is not None and inputs.proposal.command  # it finds the pointer by itself
    if "hidden-stack-pointer" in by_rule and not is_given:
        yield MigrationStep(
            title="Export the C stack's pointer",
            text="The host can then restore it after an abandoned call, and give each call a region.",
            code="-Wl,--export=__stack_pointer -mmutable-globals",
            language="flags",
            rules=("hidden-stack-pointer",),
        )


def _lists_of_jspi(lists: Sequence[ListReport]) -> Iterator[MigrationStep]:
    derived = {each.list: tuple(sorted({*each.derived, *each.missing})) for each in lists}
    exports = derived.get("JSPI_EXPORTS", ())
    imports = tuple(dict.fromkeys(each.partition(".")[2] or each for each in derived.get("JSPI_IMPORTS", ())))
    if not exports and not imports:
        return
    settings = ["-sJSPI", *_setting("JSPI_EXPORTS", exports), *_setting("JSPI_IMPORTS", imports)]
    yield MigrationStep(
        title="Build for JSPI, without Asyncify",
        text="The exports and imports are those that were observed to wait. An export in which no case waits "
        "is not among them.",
        code="\n".join(settings),
        language="flags",
        rules=("jspi-list-missing",),
    )


def _setting(name: str, values: Sequence[str]) -> Iterator[str]:
    if values:
        yield f"-s{name}={json.dumps(list(values), ensure_ascii=False, separators=(',', ':'))}"


def _engine_flags(engines: Sequence[EngineVerdict]) -> Iterator[MigrationStep]:
    flagged = [each for each in engines if each.flags]
    if flagged:
        yield MigrationStep(
            title="Start these engines with flags",
            code="\n".join(f"{' '.join(each.flags)}    # {each.name}" for each in flagged),
            language="sh",
            rules=("jspi-by-flag",),
        )


def _list_of_asyncify(by_rule: dict[str, list[Finding]]) -> Iterator[MigrationStep]:
    missing = by_rule.get("asyncify-list-missing", ())
    names = sorted({name for each in missing for of in each.names.values() for name in of})
    if names:
        shown = names[:_MOST_INLINE]
        left = len(names) - _MOST_INLINE
        more = f"\n… and {left} more: in the JSON report" if left > 0 else ""
        yield MigrationStep(
            title=f"Add {len(names)} name{'s' if len(names) > 1 else ''} to the Asyncify list, while it is "
            f"in use",
            text="stackswitch fix SUITE --list FILE writes them where the list lives, rebuilds, and "
            "verifies the list.",
            code="\n".join(shown) + more,
            language="list",
            rules=("asyncify-list-missing",),
        )


_FIXES = (
    ("start-reaches-wait", "Move the waits out of the start function"),
    ("start-waits", "Move the waits out of the start function"),
    ("js-frames", "Remove the JavaScript between these waits and their exports"),
    ("entry-not-promising", "Call these through WebAssembly.promising"),
    ("trace-trap", "Find out why the traced program trapped"),
    ("trace-incomplete", "Trace exactly this build again"),
    ("shards-missing", "Give the results of the other shards"),
    ("fibers", "Replace Emscripten's fibers"),
    ("jspi-fails", "Fix what works on Asyncify only"),
    ("jspi-wrong", "Fix what is silently wrong on JSPI"),
    ("flaky", "Find out why the outcome of these varies"),
)


def _mend(by_rule: dict[str, list[Finding]]) -> Iterator[MigrationStep]:
    done: set[str] = set()
    for rule, title in _FIXES:
        for each in by_rule.get(rule, ()):
            if title in done:
                continue
            done.add(title)
            concerned = each.cases[:_MOST_INLINE]
            more = len(each.cases) - len(concerned)
            code = "\n".join(concerned) + (f"\n… and {more} more" if more > 0 else "")
            yield MigrationStep(
                title=title, text=f"{each.text}. {each.mend}", code=code, language="cases", rules=(rule,)
            )


def _concurrency(by_rule: dict[str, list[Finding]], inputs: VerdictInputs) -> Iterator[MigrationStep]:
    if "shared-stack" in by_rule:
        step = stacks_step(inputs, after_invokes=not by_rule.keys().isdisjoint(OF_INVOKES))
        if step is not None:
            yield step


def _both_builds(
    by_rule: dict[str, list[Finding]], inputs: VerdictInputs, engines: Sequence[EngineVerdict]
) -> Iterator[MigrationStep]:
    rules = [
        rule for rule in ("no-jspi", "jspi-unsound", "users-without", "engine-differs") if rule in by_rule
    ]
    if not rules or "asyncify-refuses" in by_rule:
        return
    names = [each.name for each in engines if each.level == "not-ready"]
    name = _file(inputs).rpartition("/")[2]
    base = name.removesuffix(".wasm")
    whom = f" ({', '.join(names)})" if names else ""
    yield MigrationStep(
        title="Ship both builds behind one glue until the last engines have caught up",
        text=f"Where JSPI is missing{whom} the polyfill drives the Asyncify build by the same interface.",
        code=f"stackswitch instrument {quote(name)} --list FILE -o {quote(f'{base}.asyncify.wasm')}\n"
        "npm install stackswitch-jspi\n\n" + _BOTH.format(plain=name, asyncified=f"{base}.asyncify.wasm"),
        language="js",
        rules=tuple(rules),
    )


def _later(by_rule: dict[str, list[Finding]], inputs: VerdictInputs) -> Iterator[MigrationStep]:
    name = _file(inputs)
    base = name.removesuffix(".wasm")
    if "not-measured" in by_rule:
        yield MigrationStep(
            title="Measure the gain",
            code=f"stackswitch report results.json {quote(name)} --against {quote(f'{base}.asyncify.wasm')} "
            "--html report.html",
            language="sh",
            rules=("not-measured",),
        )
