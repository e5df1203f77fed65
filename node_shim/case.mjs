// The interpreter of cases: makes the instances, takes the steps, tells what was seen (docs/suite-format.md).
//
// Nothing here is of one engine: how to switch stacks (`switching`), how to know which call host code belongs to
// (`calls`) and the clock come in from outside.

import { betweenMessage, HostImport, Turns } from "./host.mjs";
import { framesOfError, guestFrames, Suspensions } from "./stacks.mjs";
import { Exit, explain, HostFailure, isSuspendError, meant, NameMissing, SuspendRefused, uncatchable } from "./traps.mjs";
import { fromWire, References, resultList, toWire } from "./values.mjs";
import { Wasi, WASI_MODULE } from "./wasi.mjs";

const TRAP_FRAMES = 50;
const START_TURNS = 1000;
const MOST_ROUNDS = 64;

/** Knows which call host code belongs to where the engine does not say: the only one that is under way. */
export const noCallContext = { run: (_, action) => action(), current: () => undefined };

/** A call of an export, from its beginning to its end. */
class Call {
  constructor(instance, exportName, parent) {
    this.instance = instance;
    this.export = exportName;
    this.parent = parent ?? null;
    this.suspensions = 0; // its own, not those of the calls that its host functions make
    this.waits = new Set(); // what rejects each thing it waits for
    this.stackPointer = instance.exports.__stack_pointer?.value; // of the guest's C stack
    this.cancelled = false;
    this.promise = null;
    this.ended = null; // {values}, or {error, thrown}: what it means and what the guest's caller gets
  }

  get isCancelled() {
    return this.cancelled || (this.parent?.isCancelled ?? false);
  }

  /** Give back what frames that were abandoned had taken of the C stack, which only they would have. */
  restoreStackPointer() {
    const pointer = this.instance.exports.__stack_pointer;
    if (this.stackPointer !== undefined && pointer.value !== this.stackPointer) pointer.value = this.stackPointer;
  }

  get isWaiting() {
    return this.waits.size > 0;
  }
}

class Instance {
  constructor(run, plan) {
    this.run = run;
    this.plan = plan;
    this.name = plan.name;
    this.exports = {};
    this.promising = new Map();
    this.open = new Set(); // calls under way
  }

  instantiate(module) {
    const imports = {};
    for (const spec of this.plan.imports) {
      imports[spec.module] ??= {};
      imports[spec.module][spec.name] = this.#provide(spec);
    }
    this.run.active.push({ kind: "start", name: this.name });
    try {
      this.exports = new WebAssembly.Instance(module, imports).exports;
    } finally {
      this.run.active.pop();
    }
    return this;
  }

  #provide(spec) {
    const { run } = this;
    const provider = run.instances.get(spec.module);
    if (provider !== undefined) return provider.exports[spec.name];
    const turns = run.turns.get(`${spec.module}.${spec.name}`);
    if (turns !== undefined) return new HostImport(run, this, spec, turns).make();
    if (spec.module === WASI_MODULE && run.wasi !== null) return run.wasi.functionFor(spec.name, this);
    throw new TypeError(`nothing provides ${spec.module}.${spec.name}`);
  }

  get memory() {
    return this.plan.memory === null ? undefined : this.exports[this.plan.memory.name];
  }

  fromWire(text) {
    return fromWire(text, this.run.references, (name) => this.exports[name]);
  }

  toWire(value, kind) {
    return toWire(value, kind, this.run.references, (wanted) => {
      for (const name of Object.keys(this.plan.functions)) if (this.exports[name] === wanted) return name;
      return undefined;
    });
  }

  entry(exportName) {
    if (!this.promising.has(exportName)) this.promising.set(exportName, this.run.switching.promising(this.exports[exportName]));
    return this.promising.get(exportName);
  }

  read(memory) {
    const buffer = this.memory?.buffer;
    return memory.map(({ at, size }) => {
      if (buffer === undefined || at + size > buffer.byteLength) return "";
      return Array.from(new Uint8Array(buffer, at, size), (byte) => byte.toString(16).padStart(2, "0")).join("");
    });
  }

  globals(names) {
    const out = {};
    for (const name of names) {
      const global = this.exports[name];
      if (global instanceof WebAssembly.Global) out[name] = this.toWire(global.value, this.plan.globals[name]);
    }
    return out;
  }
}

/** One run of a case's script, with given lists. */
class Run {
  constructor(plan, modules, lists, environment, scouting) {
    this.plan = plan;
    this.scouting = scouting;
    this.modules = modules;
    this.lists = lists;
    this.switching = environment.switching;
    this.calls = environment.calls;
    this.references = new References();
    this.instances = new Map();
    this.turns = new Map(Object.entries(plan.host).map(([name, entries]) => [name, new Turns(entries)]));
    this.wasi = plan.wasi === null ? null : new Wasi(plan.wasi);
    this.log = [];
    this.problems = [];
    this.found = { exports: new Set(), imports: new Set() };
    this.suspensions = new Suspensions();
    /** What is on the native stack now, outermost first: promising and plain calls, host functions, starts. */
    this.active = [];
    this.gates = new Map();
    this.timers = new Set();
    this.labels = new Map();
    this.steps = [];
    this.over = false;
  }

  // What host functions need.

  problem(text) {
    if (this.problems.length < 100) this.problems.push(text);
  }

  missing(list, name, message) {
    this.found[list].add(name);
    this.over = true;
    return uncatchable(new NameMissing(message));
  }

  /** A run that goes ahead has come to a wait that is in order: it ends here. */
  scouted() {
    this.over = true;
    return uncatchable(new NameMissing("scouted"));
  }

  suspended(instance, importName, call) {
    if (call !== undefined) call.suspensions++;
    this.suspensions.add(instance.name, importName, call?.export ?? "", guestFrames());
  }

  currentCall(instance) {
    for (let i = this.active.length - 1; i >= 0; i--) if (this.active[i].call) return this.active[i].call;
    const known = this.calls.current();
    if (known !== undefined) return known;
    return instance.open.size === 1 ? [...instance.open][0] : undefined;
  }

  timer(done, delay) {
    const id = setTimeout(() => {
      this.timers.delete(id);
      done();
    }, delay);
    this.timers.add(id);
  }

  atGate(name, done) {
    const gate = this.gates.get(name);
    if (gate === "open") this.timer(done, 0);
    else if (gate === undefined) this.gates.set(name, [done]);
    else gate.push(done);
  }

  /** A promise that the call, and all that it is called by, are seen to wait for, and that a cancel rejects. */
  waitFor(call, begin) {
    return new Promise((resolve, reject) => {
      const forget = () => {
        for (let each = call; each; each = each.parent) each.waits.delete(cancel);
      };
      const cancel = () => {
        forget();
        reject(new HostFailure("cancelled"));
      };
      if (call?.isCancelled) return cancel();
      for (let each = call; each; each = each.parent) each.waits.add(cancel);
      begin(() => {
        forget();
        resolve();
      });
    });
  }

  /** Call an export; the call has ended when `promise` is null, else when that has resolved (it never rejects). */
  beginCall(instance, exportName, args, { parent = null, byHost = null, suspending = true } = {}) {
    const call = new Call(instance, exportName, parent);
    const promising = suspending && this.lists.exports.has(exportName);
    const results = instance.plan.functions[exportName].results;
    const end = (value) => {
      instance.open.delete(call);
      call.ended = { values: resultList(value, results.length).map((each, i) => instance.toWire(each, results[i])) };
    };
    const fail = (thrown) => {
      const error = meant(thrown);
      const isLatest = [...instance.open].at(-1) === call; // else a later call's frames lie below
      instance.open.delete(call);
      if (isLatest) call.restoreStackPointer();
      if (error instanceof Exit && error.status === 0 && parent === null) {
        call.ended = { values: [] };
        return;
      }
      const explained = this.#explained(error, call, promising, byHost, suspending);
      call.ended = { error: explained, thrown: explained === error ? thrown : explained };
    };
    instance.open.add(call);
    this.active.push({ kind: promising ? "promising" : "plain", name: exportName, call, byHost: suspending ? null : byHost });
    try {
      const values = args.map((text) => instance.fromWire(text));
      if (promising) {
        call.promise = this.calls.run(call, () => instance.entry(exportName)(...values)).then(end).catch(fail);
      } else {
        end(instance.exports[exportName](...values));
      }
    } catch (error) {
      fail(error);
    } finally {
      this.active.pop();
    }
    return call;
  }

  /** Say why the engine refused to suspend: it only says that it did. */
  #explained(error, call, promising, byHost, suspending) {
    if (!isSuspendError(error) || error instanceof SuspendRefused || promising) return error;
    if (byHost !== null && !suspending) return new SuspendRefused(betweenMessage(byHost, call.export));
    return this.missing("exports", call.export, `${call.export} is not promising`);
  }

  // The script.

  instantiate() {
    for (const plan of this.plan.instances) {
      const instance = new Instance(this, plan);
      instance.instantiate(this.modules.get(plan.name));
      this.instances.set(plan.name, instance);
    }
  }

  async steps_() {
    for (const [number, step] of this.plan.steps.entries()) {
      await this.#step(number, step);
      if (this.over) break;
    }
  }

  async #step(number, step) {
    if (step.call !== null) {
      const instance = this.instances.get(step.instance);
      const call = this.beginCall(instance, step.call, step.args);
      await call.promise;
      this.#seen(number, step, call);
    } else if (step.start !== null) {
      await this.#start(step);
      this.#done(number);
    } else if (step.finish !== null) {
      for (const call of this.labels.get(step.finish)) {
        await call.promise;
        this.#seen(number, step, call);
      }
    } else if (step.cancel !== null) {
      for (const call of this.labels.get(step.cancel)) {
        await this.#cancel(call);
        this.#seen(number, step, call);
      }
    } else if (step.release !== null) {
      const waiting = this.gates.get(step.release);
      this.gates.set(step.release, "open");
      if (Array.isArray(waiting)) for (const done of waiting) done();
      this.#done(number);
    } else {
      await new Promise((resolve) => setTimeout(resolve, step.settle_ms));
      this.#done(number);
    }
  }

  async #start(step) {
    const calls = [];
    this.labels.set(step.start, calls);
    for (let copy = 0; copy < step.copies; copy++) {
      let instance = this.instances.get(step.instance);
      if (step.fresh) instance = new Instance(this, instance.plan).instantiate(this.modules.get(instance.name));
      const call = this.beginCall(instance, step.export, step.args);
      calls.push(call);
      // An import that is done at once sets the call aside all the same: let it come to a real wait.
      for (let turn = 0; turn < START_TURNS && call.ended === null && !call.isWaiting; turn++) await null;
    }
  }

  async #cancel(call) {
    if (call.ended !== null) return;
    call.cancelled = true;
    for (const reject of [...call.waits]) reject();
    await call.promise;
    call.restoreStackPointer();
  }

  #done(number) {
    this.steps.push({ step: number, ended: "done", values: [], trap: null, memory: [], globals: {}, suspensions: 0 });
  }

  #seen(number, step, call) {
    const { error, values = [] } = call.ended;
    const ended = call.cancelled ? "cancelled" : error === undefined ? "returned" : "trapped";
    this.steps.push({
      step: number,
      ended,
      values: ended === "returned" ? values : [],
      trap: ended === "trapped" ? this.#trap(error) : null,
      memory: call.instance.read(step.memory),
      globals: call.instance.globals(step.globals),
      suspensions: call.suspensions,
    });
  }

  #trap(error) {
    return { ...explain(error), frames: this.suspensions.flat(framesOfError(error, TRAP_FRAMES)) };
  }

  /** The instances could not be made: every call that the script has ends by this. */
  notMade(error) {
    for (const [number, step] of this.plan.steps.entries()) {
      const calls = step.call !== null || step.finish !== null || step.cancel !== null;
      if (!calls) this.#done(number);
      else this.steps.push({ step: number, ended: "trapped", values: [], trap: this.#trap(error), memory: [], globals: {}, suspensions: 0 });
    }
  }

  end() {
    this.over = true;
    for (const id of this.timers) clearTimeout(id);
  }
}

function isGuestFault(error) {
  const compiled = error instanceof WebAssembly.CompileError || error instanceof WebAssembly.LinkError;
  return !compiled && !(error instanceof TypeError);
}

async function runOnce(plan, modules, lists, environment, scouting) {
  const run = new Run(plan, modules, lists, environment, scouting);
  const seen = { status: "finished", detail: "", unsupported: null };
  try {
    try {
      run.instantiate();
    } catch (thrown) {
      const error = meant(thrown);
      if (isSuspendError(error)) {
        const place = run.plan.instances[run.instances.size].name;
        return { run, seen: { ...seen, status: "unsupported", unsupported: { feature: "start-suspension", where: place } } };
      }
      if (!isGuestFault(error)) return { run, seen: { ...seen, status: "error", detail: String(error) } };
      run.notMade(error);
      return { run, seen };
    }
    await run.steps_();
  } finally {
    run.end();
  }
  return { run, seen };
}

/** The exports that the script calls, and those that host functions call in a way that may wait. */
function calledExports(plan) {
  const reentries = Object.values(plan.host).flatMap((entries) => entries.flatMap((entry) => entry.calls));
  const steps = plan.steps.map((step) => step.call ?? step.export).filter((name) => name !== null);
  return [...steps, ...reentries.filter((each) => each.suspending).map((each) => each.export)];
}

/**
 * Run a case: again with the names added that the run before has shown to be missing, until none is.
 *
 * @param plan the case, as `stackswitch/backends/node/plan.py` writes it
 * @param binaries the modules' bytes by instance name
 * @param environment `{switching, calls, compile}`
 */
export async function runCase(plan, binaries, environment) {
  const modules = new Map();
  const compiled = new Map();
  for (const [name, bytes] of binaries) {
    if (!compiled.has(bytes)) {
      try {
        compiled.set(bytes, await environment.compile(bytes));
      } catch (error) {
        return { status: "error", detail: `${name}: ${error}` };
      }
    }
    modules.set(name, compiled.get(bytes));
  }
  const lists = { exports: new Set(plan.exports), imports: new Set(plan.imports) };
  const missing = { JSPI_EXPORTS: new Set(), JSPI_IMPORTS: new Set() };
  // Most engines refuse before they call the import, with an exception that a guest may take and say nothing. So,
  // while exports that are called are not promising, a run goes ahead in which no import is Suspending: each
  // says from which export it is called, and where it may wait that run ends.
  let scouting = calledExports(plan).some((name) => !lists.exports.has(name));
  for (let round = 0; ; round++) {
    const { run, seen } = await runOnce(plan, modules, lists, environment, scouting);
    const { exports, imports } = run.found;
    const found = exports.size + imports.size;
    for (const name of exports) lists.exports.add(name), missing.JSPI_EXPORTS.add(name);
    for (const name of imports) lists.imports.add(name), missing.JSPI_IMPORTS.add(name);
    if (found > 0 && round < MOST_ROUNDS) continue;
    if (scouting) {
      scouting = false;
      continue;
    }
    return {
      ...seen,
      steps: run.steps,
      suspensions: run.suspensions.list(),
      owners: run.suspensions.owners,
      suspension_count: run.suspensions.total,
      log: run.log,
      stdout: run.wasi?.stdout ?? "",
      stderr: run.wasi?.stderr ?? "",
      problems: run.problems,
      missing: Object.fromEntries(Object.entries(missing).map(([list, names]) => [list, [...names].sort()])),
    };
  }
}
