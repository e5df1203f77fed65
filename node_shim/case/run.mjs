// One run of a case's script: the instances, the calls under way, the steps.

import { betweenMessage, Turns } from "./host.mjs";
import { Call, Instance } from "./instance.mjs";
import { framesOfError, guestFrames, Suspensions } from "../stacks/capture.mjs";
import { Exit, explain, HostFailure, isSuspendError, meant, NameMissing, SuspendRefused, uncatchable } from "../errors/traps.mjs";
import { References, resultList } from "./values.mjs";
import { Wasi } from "../wasi/preview1.mjs";

const TRAP_FRAMES = 50;
const START_TURNS = 1000;

/** One run of a case's script, with given lists. */
export class Run {
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
    const frames = guestFrames();
    this.suspensions.add(instance.name, importName, call?.export ?? "", frames);
    if (this.switching.canSetAside(instance.name, importName, frames)) return;
    this.over = true;
    throw uncatchable(new NameMissing(`the stack at ${importName} cannot be set aside`));
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
        call.promise = this.calls.run(call, () => instance.entry(exportName, parent !== null)(...values)).then(end).catch(fail);
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

  async takeSteps() {
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
