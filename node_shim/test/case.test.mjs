import assert from "node:assert/strict";
import { test } from "node:test";

import { noCallContext, runCase } from "../case/interpreter.mjs";
import { hasJspi, JspiSwitching } from "../jspi/switching.mjs";
import { assemble, op, plan } from "./assemble.mjs";

const switching = hasJspi() ? new JspiSwitching() : null;
const environment = { switching, calls: noCallContext };
const I32 = ["i32"];
const WAIT = ["env", "wait", [], I32];
// main: wait() + wait(), through a function of its own each
const ADDS = {
  imports: [WAIT],
  functions: [
    { results: I32, code: [op.nop, op.call, 0] },
    { results: I32, code: [op.call, 1, op.call, 1, op.add], exported: "main" },
  ],
};
const once = { delay_ms: 0, returns: ["i32:20"] };

const run = (options) => runCase(plan(options), new Map([["main", assemble(options.module)]]), environment);

test("a call that waits returns, and its stacks are whole", async () => {
  const seen = await run({
    module: ADDS,
    host: { "env.wait": [once, { delay_ms: 0, returns: ["i32:22"] }] },
    waiting: ["env.wait"],
    steps: [{ call: "main" }],
  });
  assert.equal(seen.status, "finished");
  assert.deepEqual(seen.steps[0].values, ["i32:42"]);
  assert.equal(seen.steps[0].suspensions, 2);
  assert.deepEqual(seen.log, ["env.wait", "env.wait"]);
  const indexes = seen.suspensions.map(({ frames }) => frames.filter((_, i) => i % 3 === 1));
  assert.deepEqual(indexes, [[1, 2], [1, 2]]);
  const [[, , inner, , , first], [, , again, , , second]] = seen.suspensions.map(({ frames }) => frames);
  assert.equal(inner, again);
  assert.equal(second - first, 2);
  assert.equal(seen.owners[0], "main");
});

test("an entry serves its times, the last one the rest", async () => {
  const seen = await run({
    module: ADDS,
    host: { "env.wait": [{ ...once, times: 3 }, { delay_ms: 0, returns: ["i32:1"] }] },
    waiting: ["env.wait"],
    steps: [{ call: "main" }, { call: "main" }, { call: "main" }],
  });
  assert.deepEqual(seen.steps.map((step) => step.values[0]), ["i32:40", "i32:21", "i32:2"]);
});

test("missing names are found in rounds, and the last run is reported", async () => {
  const seen = await run({
    module: ADDS,
    host: { "env.wait": [once] },
    waiting: ["env.wait"],
    exports: [],
    imports: [],
    steps: [{ call: "main" }],
  });
  assert.deepEqual(seen.missing, { JSPI_EXPORTS: ["main"], JSPI_IMPORTS: ["env.wait"] });
  assert.deepEqual(seen.steps[0].values, ["i32:40"]);
  assert.equal(seen.log.length, 2);
});

test("cancel fails what is waited for and nothing runs afterwards", async () => {
  const seen = await run({
    module: ADDS,
    host: { "env.wait": [{ gate: "g", returns: ["i32:1"] }] },
    waiting: ["env.wait"],
    steps: [{ start: "a", export: "main" }, { cancel: "a" }, { release: "g" }, { settle_ms: 5 }, { call: "main" }],
  });
  assert.deepEqual(seen.steps.map((step) => step.ended), ["done", "cancelled", "done", "done", "returned"]);
  assert.equal(seen.log.length, 3);
});

test("copies on fresh instances wait at one gate", async () => {
  const seen = await run({
    module: ADDS,
    host: { "env.wait": [{ gate: "g", returns: ["i32:4"] }] },
    waiting: ["env.wait"],
    steps: [{ start: "a", export: "main", copies: 200, fresh: true }, { release: "g" }, { finish: "a" }],
  });
  const finished = seen.steps.filter((step) => step.ended === "returned");
  assert.equal(finished.length, 200);
  assert.ok(finished.every((step) => step.values[0] === "i32:8" && step.suspensions === 2));
});

test("an ordinary call back into a guest that waits is a frame of JavaScript in between", async () => {
  const module = {
    imports: [WAIT, ["env", "back", [], []]],
    functions: [
      { results: I32, code: [op.call, 0], exported: "inner" },
      { code: [op.call, 1], exported: "main" },
    ],
  };
  const calls = [{ export: "inner", args: [], instance: null, when: "before", suspending: false, values: null }];
  const seen = await run({
    module,
    host: { "env.wait": [once], "env.back": [{ calls }] },
    waiting: ["env.wait"],
    steps: [{ call: "main" }],
  });
  assert.equal(seen.steps[0].trap.kind, "suspend-error");
  assert.match(seen.steps[0].trap.message, /env\.back calls the export inner/);
  assert.deepEqual(seen.log, ["env.back"]);
});

test("a start function that waits is unsupported", async () => {
  const module = { imports: [["env", "wait", [], []]], functions: [{ code: [op.call, 0], exported: "main" }], start: 1 };
  const seen = await run({ module, host: { "env.wait": [{ delay_ms: 0 }] }, waiting: ["env.wait"], steps: [{ call: "main" }] });
  assert.equal(seen.status, "unsupported");
  assert.deepEqual(seen.unsupported, { feature: "start-suspension", where: "main" });
});

test("failures keep their kind and message", async () => {
  const seen = await run({
    module: ADDS,
    host: {
      "env.wait": [
        { delay_ms: 0, rejects: { message: "late", tag: null, values: [] } },
        { throws: { message: "at once", tag: null, values: [] } },
        once,
      ],
    },
    waiting: ["env.wait"],
    steps: [{ call: "main" }, { call: "main" }, { call: "main" }],
  });
  const [late, atOnce, after] = seen.steps;
  assert.deepEqual([late.trap.kind, late.trap.error, late.suspensions], ["host-error", "late", 1]);
  assert.deepEqual([atOnce.trap.kind, atOnce.trap.error, atOnce.suspensions], ["host-error", "at once", 0]);
  assert.deepEqual(after.values, ["i32:40"]);
});

test("a trap has its frames", async () => {
  const module = { functions: [{ code: [op.unreachable] }, { code: [op.nop, op.call, 0], exported: "main" }] };
  const { steps } = await run({ module, steps: [{ call: "main" }] });
  assert.equal(steps[0].trap.kind, "unreachable");
  assert.deepEqual(steps[0].trap.frames.filter((_, i) => i % 3 === 1), [0, 1]);
});

test("proc_exit ends the program; status 0 is a return", async () => {
  const exit = (status) => ({
    imports: [["wasi_snapshot_preview1", "proc_exit", I32, []]],
    functions: [{ code: [op.i32, status, op.call, 0, op.unreachable], exported: "_start" }],
    memory: 1,
  });
  const wasi = { args: ["p"], env: {}, stdin: "" };
  const ended = [];
  for (const status of [0, 3]) ended.push((await run({ module: exit(status), wasi, steps: [{ call: "_start" }] })).steps[0]);
  assert.equal(ended[0].ended, "returned");
  assert.deepEqual([ended[1].ended, ended[1].trap.kind, ended[1].trap.message], ["trapped", "exit", "exit status 3"]);
});

test("bytes that are no module are an error of the case", async () => {
  const empty = plan({ module: ADDS, steps: [] });
  const seen = await runCase(empty, new Map([["main", Uint8Array.of(1, 2, 3)]]), environment);
  assert.equal(seen.status, "error");
  assert.match(seen.detail, /^main: CompileError/);
});
