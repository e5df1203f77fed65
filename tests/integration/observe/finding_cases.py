"""Programs on which a rule of ``stackswitch trace`` has to speak, and twins on which none may."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .finding_programs import ASYNCIFY, BUILDS, HOST, JSPI, Build

HERE = "node"
"""The Node with JSPI that this package installs; the others come from npm."""
ENGINES = {"asyncify": (HERE, "node@20", "node@24", "node@26"), "jspi": (HERE, "node@24", "node@26")}


@dataclass(frozen=True)
class Case:
    """A program.

    :ivar found: what has to be found, as ``rule severity``, in the order of the trace
    :ivar engines: on which it runs; default: all with that backend
    """

    id: str
    backend: str
    script: str
    found: tuple[str, ...] = ()
    build: Build | None = None
    engines: Sequence[str] = ()
    says: tuple[str, ...] = ()


CASES: tuple[Case, ...] = (
    Case(
        "a build that lacks nothing",
        "asyncify",
        ASYNCIFY,
        build=BUILDS["all"],
    ),
    Case(
        "a list that lacks a function",
        "asyncify",
        ASYNCIFY,
        ("missing-function error", "protocol note"),
        BUILDS["only leaf and outer"],
        says=("ASYNCIFY_ONLY lacks 1 function on the stacks of waits: mid", "env.wait ← leaf ← mid ← outer"),
    ),
    Case(
        "a function that was taken out",
        "asyncify",
        ASYNCIFY,
        ("removed-function error",),
        BUILDS["all but leaf"],
        says=("ASYNCIFY_REMOVE names 1 function on the stacks of waits: leaf",),
    ),
    Case(
        "a build that ignores indirect calls",
        "asyncify",
        ASYNCIFY,
        ("missing-function error",),
        BUILDS["no indirect calls"],
        says=("ASYNCIFY_ADD lacks 2 functions on the stacks of waits: mid, outer",),
    ),
    Case(
        "an import that is not in ASYNCIFY_IMPORTS",
        "asyncify",
        ASYNCIFY,
        ("missing-import error", "missing-function note"),
        BUILDS["another import"],
        says=("ASYNCIFY_IMPORTS lacks env.wait", "explained by missing-import"),
    ),
    Case("a call as JSPI wants it", "jspi", JSPI + "console.log(await promising(guest.run)(1));"),
    Case(
        "an export that is not promising",
        "jspi",
        JSPI + "guest.run(1);",
        ("not-promising error",),
        says=("run was called without WebAssembly.promising: JSPI_EXPORTS lacks it", "program.mjs:"),
    ),
    Case(
        "an export that is not promising, and the program caught that",
        "jspi",
        JSPI + "try { guest.run(1); } catch {}",
        ("not-promising warning",),
        engines=(HERE, "node@24"),  # on Node 26 nothing of it can be seen
    ),
    Case(
        "a function of a table that is not promising",
        "jspi",
        JSPI + "guest.table.get(0)(1);",
        ("not-promising error",),
        says=("Wrap the function in WebAssembly.promising at ", "no list can name it"),
    ),
    Case(
        "a constructor that waits",
        "jspi",
        JSPI + "guest.__wasm_call_ctors();",
        ("not-promising error",),
        says=("JSPI_EXPORTS and await it, or move the wait out of the constructor",),
    ),
    Case(
        "JavaScript between",
        "jspi",
        JSPI + "await promising(guest.through)().catch(() => {});",
        ("javascript-between error",),
        says=("JavaScript: callback (",),
    ),
    Case(
        "invoke_* between",
        "jspi",
        JSPI + "await promising(guest.invoked)().catch(() => {});",
        ("invoke-between error",),
        says=("stackswitch reentrant",),
    ),
    Case(
        "invoke_* that is itself suspending, as Emscripten's glue has it",
        "jspi",
        JSPI
        + """env.invoke_v = new Suspending(env.invoke_v);
guest = (await WebAssembly.instantiate(readFileSync("guest.wasm"), { env })).instance.exports;
await promising(guest.invoked)().catch(() => {});""",
        ("invoke-between error",),
        says=("JavaScript: invoke_v (",),
    ),
    Case("callbacks that do not wait", "jspi", JSPI + "guest.quiet = 1; await promising(guest.calm)();"),
    Case("no JSPI", "asyncify", JSPI, ("no-jspi error",), engines=("node@20",), says=("Node 24.20",)),
    Case(
        "recursion without end on JSPI",
        "jspi",
        JSPI + "await promising(guest.deep)(1).catch(() => {});",
        ("engine-stack-overflow error",),
    ),
    Case(
        "a trap that has nothing to do with it",
        "jspi",
        JSPI + "await promising(guest.trap)().catch(() => {});",
    ),
)


ALL = BUILDS["all"]
CASES += (
    Case(
        "a buffer that is too small",
        "asyncify",
        ASYNCIFY.replace("4096", "DATA + 12"),
        ("saved-stack-overflow error",),
        ALL,
        says=("does not fit into 4", "-sASYNCIFY_STACK_SIZE=", " bytes: env.wait ← leaf ← mid ← outer"),
    ),
    Case(
        "a buffer that is nearly full",
        "asyncify",
        ASYNCIFY.replace("4096", "DATA + 8 + 44"),
        ("saved-stack-size warning",),
        ALL,
    ),
    Case("two calls, one after the other", "asyncify", HOST + "end(begin(0)); end(begin(1));", (), ALL),
    Case(
        "two calls that a host keeps apart",
        "asyncify",
        HOST + "const first = begin(0), second = begin(1); end(first); end(second);",
        ("re-entered note",),
        ALL,
    ),
    Case(
        "two calls, of which one is brought back",
        "asyncify",
        HOST + "const first = begin(0), second = begin(1); end(second);",
        ("re-entered error",),
        ALL,
        says=("first call: env.wait ← leaf ← mid ← outer", "second call: env.wait ← leaf ← mid ← outer"),
    ),
    Case(
        "two calls in one buffer",
        "asyncify",
        HOST + "const first = begin(0), second = begin(2); end(second);" + "try { end(first); } catch {}",
        ("re-entered error", "saved-stack-overwritten error", "protocol note"),
        ALL,
    ),
    Case(
        "a buffer that the host writes into",
        "asyncify",
        HOST
        + "const first = begin(0), second = begin(1);"
        + "new Uint8Array(guest.memory.buffer).fill(255, 40, 60); try { end(first); } catch {} end(second);",
        ("re-entered error", "saved-stack-overwritten error", "protocol note"),
        ALL,
    ),
    Case("a call that nobody brings back", "asyncify", HOST + "begin(0);", ("pending-at-exit warning",), ALL),
    Case(
        "a program that ends itself within a wait",
        "asyncify",
        HOST + "begin(0); process.exit();",
        ("pending-at-exit note",),
        ALL,
    ),
    Case(
        "a rewind without an unwind",
        "asyncify",
        HOST + "try { guest.asyncify_start_rewind(16); } catch {} guest.asyncify_stop_rewind();",
        ("protocol error",),
        ALL,
        says=("asyncify_start_rewind: no stack was saved there",),
    ),
    Case(
        "a data block that was set back",
        "asyncify",
        HOST
        + "const call = begin(0); new Int32Array(guest.memory.buffer, 16, 1)[0] -= 4;"
        + "try { end(call); } catch {} guest.asyncify_stop_rewind();",
        ("protocol error",),
        ALL,
        says=("does not end where the saved stack ends",),
    ),
    Case(
        "an unwinding that is never stopped",
        "asyncify",
        HOST + "guest.run(0);",
        ("protocol error",),
        ALL,
        says=("an instance was still unwinding when the process ended",),
    ),
    Case(
        "a list that lacks a function, and what follows of it",
        "asyncify",
        HOST + "const call = begin(0); try { end(call); } catch {}",
        ("missing-function error", "protocol note"),
        BUILDS["only leaf and outer"],
        says=("explained by missing-function",),
    ),
)


FRAMED = (
    JSPI.replace("done, 1, n", "done, n, n")
    + "const framed = promising(guest.framed); const later = [framed(500), framed(2)];"
)
CASES += (
    Case(
        "calls that wait one after the other",
        "jspi",
        JSPI + "const framed = promising(guest.framed); await framed(1); await framed(2);",
    ),
    Case("calls that nest", "jspi", FRAMED + "await later[1]; await later[0];"),
    Case(
        "a call that begins in the frames of another",
        "jspi",
        FRAMED
        + "guest.__stack_pointer.value += 64;"
        + "const third = framed(3); await third; console.log(await later[0], await later[1]);",
        ("shared-c-stack error",),
        says=("use the same 64 bytes", "first call: env.wait ← framed", "second call: env.wait ← framed"),
    ),
    Case(
        "a call that ends before one that began after it",
        "jspi",
        FRAMED.replace("framed(500), framed(2)", "framed(2), framed(500)")
        + "await later[0]; await later[1];",
        ("shared-c-stack warning", "stack-pointer-drift warning"),
        says=("use the same 64 bytes of the C stack; nothing was lost this time",),
    ),
    Case(
        "a call that does not wait, in the frames of another",
        "jspi",
        JSPI
        + "const call = promising(guest.framed)(9); guest.__stack_pointer.value += 64;"
        + "await promising(guest.scribble)(77); guest.__stack_pointer.value -= 64; await call;",
        ("shared-c-stack error",),
    ),
    Case(
        "frames that the host puts back",
        "jspi",
        JSPI
        + "const call = promising(guest.framed)(9), frame = guest.memory.buffer.slice(59936, 60000);"
        + "guest.__stack_pointer.value += 64; await promising(guest.scribble)(77);"
        + "new Uint8Array(guest.memory.buffer, 59936).set(new Uint8Array(frame));"
        + "guest.__stack_pointer.value -= 64; await call;",
    ),
    Case(
        "a buffer of a call that waits, which the host writes into",
        "jspi",
        JSPI
        + "const call = promising(guest.framed)(9); const other = promising(guest.inner)();"
        + "new Int32Array(guest.memory.buffer, 59936, 16).fill(5); await other; await call;",
    ),
    Case(
        "a pointer that a call does not put back",
        "jspi",
        JSPI + "await promising(guest.leaks)();",
        ("stack-pointer-drift warning",),
        says=("16 bytes lower",),
    ),
    Case(
        "a call on JSPI that nobody brings back",
        "jspi",
        JSPI.replace("new Promise((done) => setTimeout(done, 1, n))", "new Promise(() => {})")
        + "promising(guest.run)(1);",
        ("pending-at-exit warning",),
    ),
)
CASES += (
    Case(
        "an import that returns a promise and does not suspend",
        "jspi",
        JSPI.replace("new WebAssembly.Suspending((n)", "((n)") + "guest.run(1);",
        ("promise-to-number error",),
        says=("env.wait returned a promise", "Add env.wait to JSPI_IMPORTS", "env.wait ← leaf ← mid ← outer"),
    ),
    Case(
        "an import of an Asyncify build that returns a promise",
        "asyncify",
        HOST.replace("const wait = (n) => {", "const wait = async (n) => n; const old = (n) => {")
        + "guest.run(1);",
        ("promise-to-number error",),
        ALL,
        says=("Add env.wait to ASYNCIFY_IMPORTS",),
    ),
    Case(
        "a promising function as an import",
        "jspi",
        JSPI
        + "const wait2 = promising(guest.run);"
        + 'const other = new WebAssembly.Module(readFileSync("guest.wasm"));'
        + "new WebAssembly.Instance(other, { env: { ...env, wait: wait2 } }).exports.run(1);",
        ("promising-as-import error",),
    ),
    Case(
        "JavaScript that makes a number of a promise, below the module",
        "jspi",
        JSPI.replace("if (!quiet) guest.inner()", "Number(Promise.resolve(1))") + "guest.calm();",
    ),
    Case(
        "JavaScript that makes a number of a promise",
        "jspi",
        JSPI + "console.log(Promise.resolve(1) * 2); await promising(guest.run)(1);",
    ),
)
CASES += (
    Case(
        "a stack through two builds",
        "asyncify",
        HOST
        + 'const outer = new WebAssembly.Instance(new WebAssembly.Module(readFileSync("outer.wasm")),'
        + "{ env, inner: { run: guest.run } }).exports; outer.around(0);",
        ("two-states error", "protocol error"),
        ALL,
    ),
    Case(
        "two ways to switch C stacks",
        "jspi",
        JSPI.replace("guest.wasm", "schemes.wasm") + "await promising(guest.run)(1);",
        ("mixed-stack-conventions warning",),
        says=("switched by the hooks of Binaryen or Emscripten (__jspi_enter) and wasm-bindgen",),
    ),
    Case(
        "a pointer that is exported by functions of other names",
        "jspi",
        JSPI.replace("guest.wasm", "renamed.wasm")
        + "const call = promising(guest.framed)(9); guest.b(guest.a() + 64);"
        + "await promising(guest.scribble)(77); guest.b(guest.a() - 64); await call;",
        ("shared-c-stack error",),
    ),
    Case(
        "a pointer that is not exported",
        "jspi",
        JSPI.replace("guest.wasm", "hidden.wasm")
        + "const calls = [promising(guest.framed)(9), promising(guest.framed)(9)];"
        + "await calls[0]; await calls[1];",
        ("shared-c-stack note",),
        says=("--export=__stack_pointer",),
    ),
)
