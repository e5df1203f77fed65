// One run of a case's script: the instances, the calls under way, the steps.

import { Exit, explain, HostFailure, isSuspendError, meant, NameMissing, SuspendRefused, uncatchable } from "../errors/traps.mjs";
import { framesOfError, guestFrames } from "../stacks/capture.mjs";
import { Wasi } from "../wasi/preview1.mjs";
import { resultList } from "../wasm/results.mjs";
import { betweenMessage, entriesByCall } from "./host.mjs";
import { Call, Instance } from "./instance.mjs";
import { Suspensions } from "./suspensions.mjs";
import { References } from "./values.mjs";

/** @typedef {import("./plan.d.ts").CasePlan} CasePlan */
/** @typedef {import("./plan.d.ts").Step} Step */
/** @typedef {{exports: Set<string>, imports: Set<string>}} Lists */
/**
 * @typedef {object} ActiveEntry
 * @property {"promising" | "plain" | "host" | "start"} kind
 * @property {string} name
 * @property {Call} [call]
 * @property {string | null} [byHost] the host function that makes an ordinary call
 */

const TRAP_FRAMES = 50;
const START_TICKS = 1000;

/** One run of a case's script, with given lists. */
export class Run {
  /**
   * @param {CasePlan} plan
   * @param {Map<string, WebAssembly.Module>} modules by instance name
   * @param {Lists} lists the exports that are promising and the imports that may suspend
   * @param {import("./plan.d.ts").Environment} environment
   * @param {boolean} dryRun whether the run ends where it would suspend: it only looks which names are missing
   */
  constructor(plan, modules, lists, environment, dryRun) {
    this.plan = plan;
    this.dryRun = dryRun;
    this.modules = modules;
    this.lists = lists;
    this.switching = environment.switching;
    this.calls = environment.calls;
    this.references = new References();
    /** @type {Map<string, Instance>} */
    this.instances = new Map();
    this.entries = new Map(Object.entries(plan.host).map(([name, entries]) => [name, entriesByCall(entries)]));
    this.wasi = plan.wasi === null ? null : new Wasi(plan.wasi);
    /** @type {string[]} imports in the order of their calls */
    this.log = [];
    /** @type {string[]} what the host functions saw that was not as expected */
    this.problems = [];
    /** @type {Lists} names that turned out to be missing */
    this.found = { exports: new Set(), imports: new Set() };
    this.suspensions = new Suspensions();
    /** @type {ActiveEntry[]} what is on the native stack now, outermost first: promising and plain calls, host functions, starts */
    this.active = [];
    /** @type {Map<string, "open" | (() => void)[]>} */
    this.gates = new Map();
    /** @type {Set<ReturnType<typeof setTimeout>>} */
    this.timers = new Set();
    /** @type {Map<string, Call[]>} */
    this.labels = new Map();
    /** @type {object[]} how each step ended */
    this.steps = [];
    this.over = false;
  }

  // What host functions need.

  /** @param {string} name */
  instance(name) {
    return /** @type {Instance} */ (this.instances.get(name));
  }

  /** @param {string} text */
  problem(text) {
    if (this.problems.length < 100) this.problems.push(text);
  }

  /**
   * @param {"exports" | "imports"} list
   * @param {string} name
   * @param {string} message
   */
  missing(list, name, message) {
    this.found[list].add(name);
    this.over = true;
    return uncatchable(new NameMissing(message));
  }

  /** A dry run has come to a wait that is in order: it ends here. */
  endDryRun() {
    this.over = true;
    return uncatchable(new NameMissing("the dry run ends here"));
  }

  /**
   * A call waits in an import.
   *
   * @param {Instance} instance
   * @param {string} importName
   * @param {Call | undefined} call
   */
  suspended(instance, importName, call) {
    if (call !== undefined) call.suspensions++;
    const frames = guestFrames();
    this.suspensions.add(instance.name, importName, call?.export ?? "", frames);
    if (this.switching.canSuspend(instance.name, importName, frames)) return;
    this.over = true;
    throw uncatchable(new NameMissing(`the stack at ${importName} cannot be saved`));
  }

  /**
   * The call that host code belongs to.
   *
   * @param {Instance} instance
   */
  currentCall(instance) {
    const known = this.active.findLast((each) => each.call)?.call ?? this.calls.current();
    if (known !== undefined) return known;
    return instance.open.size === 1 ? [...instance.open][0] : undefined;
  }

  /**
   * @param {() => void} done
   * @param {number} delay ms
   */
  timer(done, delay) {
    const id = setTimeout(() => {
      this.timers.delete(id);
      done();
    }, delay);
    this.timers.add(id);
  }

  /**
   * @param {string} name
   * @param {() => void} done
   */
  atGate(name, done) {
    const gate = this.gates.get(name);
    if (gate === "open") this.timer(done, 0);
    else if (gate === undefined) this.gates.set(name, [done]);
    else gate.push(done);
  }

  /**
   * A promise that the call, and all that it is called by, are seen to wait for, and that a cancel rejects.
   *
   * @param {Call | undefined} call
   * @param {(done: () => void) => void} begin
   * @returns {Promise<void>}
   */
  waitFor(call, begin) {
    /** @type {Call[]} */
    const waiting = [];
    for (let each = call ?? null; each !== null; each = each.parent) waiting.push(each);
    return new Promise((resolve, reject) => {
      const forget = () => {
        for (const each of waiting) each.waits.delete(cancel);
      };
      const cancel = () => {
        forget();
        reject(new HostFailure("cancelled"));
      };
      if (call?.isCancelled) return cancel();
      for (const each of waiting) each.waits.add(cancel);
      begin(() => {
        forget();
        resolve();
      });
    });
  }

  /**
   * Call an export; the call has ended when `promise` is null, else when that has resolved (it never rejects).
   *
   * @param {Instance} instance
   * @param {string} exportName
   * @param {string[]} args
   * @param {{parent?: Call | null, byHost?: string | null, suspending?: boolean}} [how]
   */
  beginCall(instance, exportName, args, { parent = null, byHost = null, suspending = true } = {}) {
    const call = new Call(instance, exportName, parent);
    const promising = suspending && this.lists.exports.has(exportName);
    const results = instance.plan.functions[exportName].results;
    const end = (/** @type {any} */ value) => {
      instance.open.delete(call);
      call.ended = { values: resultList(value, results.length).map((each, i) => instance.toWire(each, results[i])) };
    };
    const fail = (/** @type {unknown} */ thrown) => {
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
        call.promise = this.calls.run(call, () => instance.entry(exportName, parent !== null)(values, end, fail)).catch(fail);
      } else {
        end(this.switching.plain(instance.exports[exportName])(...values));
      }
    } catch (error) {
      fail(error);
    } finally {
      this.active.pop();
    }
    return call;
  }

  /**
   * Say why the engine refused to suspend: it only says that it did.
   *
   * @param {any} error
   * @param {Call} call
   * @param {boolean} promising
   * @param {string | null} byHost
   * @param {boolean} suspending
   */
  #explained(error, call, promising, byHost, suspending) {
    if (!isSuspendError(error) || error instanceof SuspendRefused || promising) return error;
    if (byHost !== null && !suspending) return new SuspendRefused(betweenMessage(byHost, call.export));
    return this.missing("exports", call.export, `${call.export} is not promising`);
  }

  // The script.

  instantiate() {
    for (const plan of this.plan.instances) {
      this.instances.set(plan.name, this.#newInstance(plan));
    }
  }

  /** @param {import("./plan.d.ts").InstancePlan} plan */
  #newInstance(plan) {
    return new Instance(this, plan).instantiate(/** @type {WebAssembly.Module} */ (this.modules.get(plan.name)));
  }

  async takeSteps() {
    for (const [number, step] of this.plan.steps.entries()) {
      await this.#step(number, step);
      if (this.over) break;
    }
  }

  /** @type {(number: number, step: Step) => Promise<void>} */
  async #step(number, step) {
    const { call, start, finish, cancel, release, settle_ms: settle } = step;
    if (call !== null || finish !== null || cancel !== null) {
      const calls = call === null ? this.labels.get(/** @type {string} */ (finish ?? cancel)) : [this.beginCall(this.instance(step.instance), call, step.args)];
      for (const each of calls ?? []) {
        if (cancel !== null) await this.#cancel(each);
        await each.promise;
        this.#ended(number, step, each);
      }
      return;
    }
    if (start !== null) await this.#start(step, start);
    else if (release !== null) {
      const waiting = this.gates.get(release);
      this.gates.set(release, "open");
      if (Array.isArray(waiting)) for (const done of waiting) done();
    } else await new Promise((resolve) => setTimeout(resolve, settle ?? 0));
    this.#note(number);
  }

  /** @type {(step: Step, label: string) => Promise<void>} */
  async #start(step, label) {
    /** @type {Call[]} */
    const calls = [];
    this.labels.set(label, calls);
    for (let copy = 0; copy < step.copies; copy++) {
      let instance = this.instance(step.instance);
      if (step.fresh) instance = this.#newInstance(instance.plan);
      const call = this.beginCall(instance, /** @type {string} */ (step.export), step.args);
      calls.push(call);
      // An import that is done at once suspends the call all the same: let it come to a real wait.
      for (let tick = 0; tick < START_TICKS && call.ended === null && !call.isWaiting; tick++) await null;
    }
  }

  /** @param {Call} call */
  async #cancel(call) {
    if (call.ended !== null) return;
    call.cancelled = true;
    for (const reject of [...call.waits]) reject();
    await call.promise;
    call.restoreStackPointer();
  }

  /**
   * @param {number} number of a step
   * @param {object} [facts] how its call ended
   */
  #note(number, facts = {}) {
    this.steps.push({ step: number, ended: "done", values: [], trap: null, memory: [], globals: {}, suspensions: 0, ...facts });
  }

  /** @type {(number: number, step: Step, call: Call) => void} */
  #ended(number, step, call) {
    const { error, values = [] } = call.outcome;
    const ended = call.cancelled ? "cancelled" : error === undefined ? "returned" : "trapped";
    this.#note(number, {
      ended,
      values: ended === "returned" ? values : [],
      trap: ended === "trapped" ? this.#trap(error) : null,
      memory: call.instance.read(step.memory),
      globals: call.instance.globals(step.globals),
      suspensions: call.suspensions,
    });
  }

  /** @param {any} error */
  #trap(error) {
    return { ...explain(error), frames: this.suspensions.flat(framesOfError(error, TRAP_FRAMES)) };
  }

  /**
   * The instances could not be made: every call that the script has ends by this.
   *
   * @param {any} error
   */
  notMade(error) {
    for (const [number, step] of this.plan.steps.entries()) {
      const calls = step.call !== null || step.finish !== null || step.cancel !== null;
      this.#note(number, calls ? { ended: "trapped", trap: this.#trap(error) } : {});
    }
  }

  /** What happened, as Python reads it. */
  observed() {
    return {
      steps: this.steps,
      suspensions: this.suspensions.list(),
      owners: this.suspensions.owners,
      suspension_count: this.suspensions.total,
      log: this.log,
      stdout: this.wasi?.stdout ?? "",
      stderr: this.wasi?.stderr ?? "",
      problems: this.problems,
    };
  }

  end() {
    this.over = true;
    for (const id of this.timers) clearTimeout(id);
  }
}
