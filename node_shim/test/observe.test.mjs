import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";

import { assemble, op } from "./assemble.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const preload = join(here, "..", "observe.cjs");
const scratch = mkdtempSync(join(tmpdir(), "observe-"));
after(() => rmSync(scratch, { recursive: true, force: true }));
const { controlsIn } = createRequire(import.meta.url)("../observe/asyncify.cjs");
const { exportsOf } = createRequire(import.meta.url)("../observe/exported-code.cjs");
const hasJspi = typeof WebAssembly.Suspending === "function";

/** outer (exported) → inner → env.wait */
const waiting = assemble({
  imports: [["env", "wait", [], ["i32"]]],
  functions: [
    { results: ["i32"], code: [op.call, 0] },
    { results: ["i32"], code: [op.call, 1], exported: "outer" },
    { code: [op.unreachable], exported: "trap" },
  ],
});
/** With an export of the name; it does nothing. */
const asyncified = assemble({
  imports: [["env", "wait", [], []]],
  functions: [
    { code: [op.call, 0], exported: "run" },
    { params: ["i32"], code: [op.nop], exported: "asyncify_start_unwind" },
  ],
});
/**
 * The same with short names and the real beginning, as WAT:
 * (func (export "run") (call $wait)) (func (export "x") (param i32) (global.set $state (i32.const 1))
 *   (global.set $data (local.get 0)) (drop (global.get $data))) (func (export "y") (result i32) (global.get $state))
 */
const renamed = Buffer.from(
  "0061736d01000000010c0360000060017f006000017f020c0103656e76047761697400000304030001020503010001060b02" +
    "7f0141000b7f0141000b071804066d656d6f727902000372756e000101780002017900030a1903040010000b0d0041012400" +
    "2000240123011a0b040023000b0017046e616d65010701000477616974070702000173010164",
  "hex",
);
const bytes = (wasm) => `Uint8Array.from([${[...wasm]}])`;

let runs = 0;
/** Run a program with and without the observer: what it shows must be the same; return it and the parts. */
function observe(program, { args = [], env = {}, name = "program.mjs", same = true } = {}) {
  const folder = join(scratch, `run-${++runs}`);
  const file = join(scratch, `${runs}-${name}`);
  writeFileSync(file, program);
  const command = [...process.execArgv.filter((flag) => !flag.startsWith("--test")), ...args, file];
  const plain = same && spawnSync(process.execPath, command, { encoding: "utf8" });
  const { NODE_TEST_CONTEXT: _, ...rest } = process.env;
  const seen = spawnSync(process.execPath, command, {
    encoding: "utf8",
    env: { ...rest, NODE_OPTIONS: `--require ${preload}`, STACKSWITCH_TRACE: folder, ...env },
  });
  if (same) assert.deepEqual([seen.status, seen.signal, seen.stdout], [plain.status, plain.signal, plain.stdout]);
  const parts = readdirSync(folder)
    .filter((each) => each.endsWith(".part.jsonl"))
    .map((each) => readFileSync(join(folder, each), "utf8").trim().split("\n").map((line) => JSON.parse(line)));
  const lines = parts.flat();
  return { ...seen, folder, parts, lines, of: (kind) => lines.filter((line) => line.kind === kind) };
}

test("each stack of a suspension is recorded once, with their counts", { skip: !hasJspi }, () => {
  const { of, folder } = observe(`
    const wait = new WebAssembly.Suspending(() => new Promise((done) => setImmediate(done, 7)));
    const { instance } = await WebAssembly.instantiate(${bytes(waiting)}, { env: { wait } });
    const outer = WebAssembly.promising(instance.exports.outer);
    for (let i = 0; i < 100; i++) if ((await outer()) !== 7) throw new Error("wrong");
    console.log(wait instanceof WebAssembly.Suspending, WebAssembly.Suspending.name, outer.name, outer.length);
  `);
  const [stack] = of("stack");
  assert.equal(of("stack").length, 1);
  assert.equal(stack.import, "env.wait");
  assert.deepEqual(stack.frames.filter((_, at) => at % 3 === 1), [1, 2]);
  assert.equal(of("count").at(-1).count, 100);
  assert.deepEqual(of("promising"), [{ kind: "promising", index: 2 }]);
  const [module] = of("module");
  assert.deepEqual(readFileSync(join(folder, "modules", `${module.sha256.slice(7)}.wasm`)), Buffer.from(waiting));
  assert.equal(of("end")[0].suspensions, 100);
});

test("what does not wait is not recorded", { skip: !hasJspi }, () => {
  const { of } = observe(`
    const wait = new WebAssembly.Suspending(() => 7);
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(${bytes(waiting)}), { env: { wait } });
    console.log(await WebAssembly.promising(exports.outer)());
  `);
  assert.deepEqual([of("stack"), of("error"), of("end")[0].suspensions], [[], [], 0]);
});

test("a rejection that the program handles is recorded once, and arrives as it would", { skip: !hasJspi }, () => {
  const { of, stdout } = observe(`
    process.on("unhandledRejection", (error) => console.log("unhandled", error.message));
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(${bytes(waiting)}), { env: { wait: () => 0 } });
    const trap = WebAssembly.promising(exports.trap);
    await trap().catch((error) => console.log(error instanceof WebAssembly.RuntimeError, error.message));
    try { await trap(); } catch (error) { console.log(error.message); }
    const all = await Promise.allSettled([trap()]);
    const loose = trap();
    console.log(all[0].status, Object.keys(loose), loose instanceof Promise);
    setTimeout(() => {}, 5);
  `);
  assert.equal(of("trap").length >= 3, true);
  assert.equal(of("trap")[0].message, "unreachable");
  assert.match(stdout, /unhandled unreachable/);
});

test("a rejection that nobody handles ends the program as it would, and is recorded", { skip: !hasJspi }, () => {
  const { of, status } = observe(`
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(${bytes(waiting)}), { env: { wait: () => 0 } });
    WebAssembly.promising(exports.trap)();
    setTimeout(() => console.log("never"), 1000);
  `);
  assert.equal(status, 1);
  assert.deepEqual(of("trap").map((each) => [each.message, each.where]), [["unreachable", "uncaught"]]);
});

test("microtasks, ticks and timers keep their order", { skip: !hasJspi }, () => {
  observe(`
    const say = (text) => () => console.log(text);
    const wait = new WebAssembly.Suspending(() => Promise.resolve(1));
    const instance = new WebAssembly.Instance(new WebAssembly.Module(${bytes(waiting)}), { env: { wait } });
    const outer = WebAssembly.promising(instance.exports.outer);
    const call = outer();
    let chain = Promise.resolve();
    for (let i = 0; i < 12; i++) chain = chain.then(say("link " + i));
    call.then(say("call"));
    (async () => { await call; console.log("awaited"); })();
    process.nextTick(say("tick"));
    setImmediate(say("immediate"));
    require("node:timers").setTimeout(say("timer"), 1);
    Promise.reject(new Error("x")).catch(say("caught"));
  `, { name: "program.cjs" });
});

test("the start of unwinding is recorded, and the exports stay what they are", () => {
  for (const [wasm, start] of [[asyncified, "asyncify_start_unwind"], [renamed, "x"]]) {
    const { of, status } = observe(`
      let guest;
      const named = function wait() { guest["${start}"](64); };
      ({ exports: guest } = new WebAssembly.Instance(new WebAssembly.Module(${bytes(wasm)}), { env: { wait: named } }));
      console.log(Object.keys(guest), Object.isFrozen(guest), Object.getPrototypeOf(guest), guest["${start}"].length);
      new WebAssembly.Table({ element: "anyfunc", initial: 1 }).set(0, guest["${start}"]);
      for (let i = 0; i < 2; i++) guest.run();
    `, { name: "program.cjs" });
    assert.equal(status, 0);
    const [stack] = of("stack");
    assert.equal(stack.how, "asyncify");
    assert.deepEqual(stack.frames.filter((_, at) => at % 3 === 1), [1]);
    assert.match(stack.gaps[0][1], /^wait \(.*program\.cjs:3/);
    assert.deepEqual(of("error"), []);
    assert.equal(of("count").at(-1).count, 2);
  }
});

test("an Asyncify build is known by its code where its exports have short names", () => {
  assert.equal(controlsIn(exportsOf(renamed).functions).roles.get("x"), "startUnwind");
  assert.equal(controlsIn(exportsOf(asyncified).functions), null);
  assert.equal(controlsIn(exportsOf(waiting).functions), null);
});

test("workers and child processes have parts of their own; the user's NODE_OPTIONS stay", () => {
  const { parts, stdout } = observe(`
    const { Worker } = require("node:worker_threads");
    const { spawnSync } = require("node:child_process");
    console.log(process.env.NODE_OPTIONS.includes("--no-warnings"), spawnSync(process.execPath, ["-e", "console.log('child')"], { encoding: "utf8" }).stdout);
    new Worker("console.log('worker')", { eval: true });
  `, { name: "program.cjs", same: false, env: { NODE_OPTIONS: `--require ${preload} --no-warnings` } });
  assert.match(stdout, /true child\n\nworker/);
  assert.equal(parts.length, 3);
  assert.equal(new Set(parts.map((part) => `${part[0].process}/${part[0].thread}`)).size, 3);
});

test("a killed program leaves what was seen before", { skip: !hasJspi }, () => {
  const { of, signal } = observe(`
    const wait = new WebAssembly.Suspending(() => Promise.resolve(1));
    const { instance } = await WebAssembly.instantiate(${bytes(waiting)}, { env: { wait } });
    for (let i = 0; i < 10; i++) await WebAssembly.promising(instance.exports.outer)();
    process.kill(process.pid, "SIGKILL");
  `);
  assert.equal(signal, "SIGKILL");
  assert.equal(of("count").at(-1).count, 8);
  assert.equal(of("end").length, 0);
});

test("a trace has a limit, and says what it left out", { skip: !hasJspi }, () => {
  const deep = assemble({
    imports: [["env", "wait", [], ["i32"]]],
    functions: Array.from({ length: 200 }, (_, at) => ({
      results: ["i32"], code: at === 0 ? [op.call, 0] : [op.call, ...(at < 128 ? [at] : [(at & 0x7f) | 0x80, at >> 7])], exported: `f${at}`,
    })),
  });
  const { of, folder } = observe(`
    const wait = new WebAssembly.Suspending(() => Promise.resolve(1));
    const { instance } = await WebAssembly.instantiate(${bytes(deep)}, { env: { wait } });
    for (const name of Object.keys(instance.exports)) await WebAssembly.promising(instance.exports[name])();
  `, { env: { STACKSWITCH_TRACE_BYTES: "40000" } });
  const [end] = of("end");
  assert.equal(end.suspensions, 200);
  assert.ok(end.left_out > 100 && end.left_out < 200, String(end.left_out));
  assert.match(of("error")[0].message, /limit of bytes/);
  assert.ok(readdirSync(folder).length > 0);
});

test("sampling takes one in so many after the first, and counts all", { skip: !hasJspi }, () => {
  const { of } = observe(`
    const wait = new WebAssembly.Suspending(() => Promise.resolve(1));
    const { instance } = await WebAssembly.instantiate(${bytes(waiting)}, { env: { wait } });
    const outer = WebAssembly.promising(instance.exports.outer);
    for (let i = 0; i < 1000; i++) await outer();
  `, { env: { STACKSWITCH_TRACE_SAMPLE: "10", STACKSWITCH_TRACE_SAMPLE_FIRST: "100" } });
  assert.deepEqual([of("end")[0].suspensions, of("end")[0].taken], [1000, 190]);
});

test("a program that puts another WebAssembly in place goes on, and the trace says so", () => {
  const { of } = observe(`
    const own = WebAssembly.instantiate;
    WebAssembly.instantiate = (...args) => own(...args);
    delete WebAssembly.Suspending;
    await WebAssembly.instantiate(${bytes(asyncified)}, { env: { wait() {} } });
    console.log(typeof WebAssembly.Suspending);
  `);
  assert.match(of("error")[0].message, /another WebAssembly\.instantiate/);
  assert.equal(of("error").length, 1);
});

test("what the engine refuses is refused in the same words", () => {
  observe(`
    const say = (name) => (error) => console.log(name, error.constructor.name, error.message);
    for (const bad of [[], [1], [new Uint8Array(3)], [new ArrayBuffer(0)], [${bytes(asyncified)}, {}]]) {
      await WebAssembly.instantiate(...bad).catch(say("instantiate"));
      await WebAssembly.compile(...bad).catch(say("compile"));
      try { new WebAssembly.Instance(new WebAssembly.Module(...bad), bad[1]); } catch (error) { say("new")(error); }
      try { WebAssembly.Module(...bad); } catch (error) { say("call")(error); }
      if (WebAssembly.Suspending) try { new WebAssembly.Suspending(...bad); } catch (error) { say("Suspending")(error); }
      if (WebAssembly.promising) try { WebAssembly.promising(...bad); } catch (error) { say("promising")(error); }
      if (WebAssembly.compileStreaming) await WebAssembly.compileStreaming(...bad).catch(say("streaming"));
    }
    console.log(Object.getOwnPropertyNames(WebAssembly), WebAssembly.Module.name, WebAssembly.instantiate.length);
  `);
});

test("streaming works, and its modules are known", () => {
  const { of } = observe(`
    const response = () => new Response(${bytes(asyncified)}, { headers: { "content-type": "application/wasm" } });
    const { instance } = await WebAssembly.instantiateStreaming(response(), { env: { wait() {} } });
    console.log(Object.keys(instance.exports), (await WebAssembly.compileStreaming(Promise.resolve(response()))) instanceof WebAssembly.Module);
  `);
  // Node's own HTTP client may have compiled one too.
  assert.deepEqual(of("module").map((each) => each.how).filter((how) => how !== "instantiate" && how !== "Module" && how !== "compile"), ["instantiateStreaming"]);
  assert.deepEqual(of("error"), []);
});

test("a response that comes by a promise of another class is left alone, and the trace says so", () => {
  const { of } = observe(`
    let asked = 0;
    class Own extends Promise { then(...args) { asked++; return super.then(...args); } }
    const response = new Response(${bytes(asyncified)}, { headers: { "content-type": "application/wasm" } });
    console.log((await WebAssembly.compileStreaming(Own.resolve(response))) instanceof WebAssembly.Module, asked);
  `);
  assert.match(of("error")[0].message, /of the program's own class/);
});

test("frames of a module that was streamed are recorded, whatever its URL", { skip: !hasJspi }, () => {
  const { of } = observe(`
    import { createServer } from "node:http";
    const bytes = ${bytes(waiting)};
    const server = createServer((_, response) => response.writeHead(200, { "content-type": "application/wasm" }).end(bytes));
    await new Promise((done) => server.listen(0, "127.0.0.1", done));
    const http = \`http://127.0.0.1:\${server.address().port}/@scope/app@1.0(2).wasm\`;
    const other = [...bytes, 0, 2, 1, 0x78]; // with a custom section: of the same bytes V8 makes no other module
    const data = \`data:application/wasm;base64,\${Buffer.from(other).toString("base64")}\`;
    for (const url of [http, data]) {
      const wait = new WebAssembly.Suspending(async () => 7);
      const { instance } = await WebAssembly.instantiateStreaming(fetch(url), { env: { wait } });
      console.log(await WebAssembly.promising(instance.exports.outer)());
      await WebAssembly.promising(instance.exports.trap)().catch((error) => console.log(error.message));
    }
    server.closeAllConnections();
    server.close();
  `);
  const urls = new Map(of("url").map((each) => [each.id, each.url]));
  const shown = (lines) => lines.map(({ frames }) => [urls.get(frames[0]).slice(0, 5), frames.filter((_, at) => at % 3 === 1)]);
  assert.deepEqual(shown(of("stack")), [["http:", [1, 2]], ["data:", [1, 2]]]);
  assert.deepEqual(shown(of("trap")), [["http:", [3]], ["data:", [3]]]);
  assert.equal(of("module").filter((each) => each.how === "instantiateStreaming").length, 2);
  assert.deepEqual(of("error"), []);
});

test("nothing is observed where nobody asked, and a folder that cannot be is no harm", () => {
  const file = join(scratch, "plain.cjs");
  writeFileSync(file, "console.log(WebAssembly.Module.toString(), process.listenerCount('exit'))");
  const run = (trace) => spawnSync(process.execPath, [file], { encoding: "utf8", env: { NODE_OPTIONS: `--require ${preload}`, STACKSWITCH_TRACE: trace } });
  assert.equal(run("").stdout, run("/dev/null/nowhere").stdout);
  assert.equal(run("/dev/null/nowhere").status, 0);
});
