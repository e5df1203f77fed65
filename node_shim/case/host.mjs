// What a case's host functions do when they are called, as its entries say (docs/suite-format.md).

import { HostFailure, NameMissing, SuspendRefused, uncatchable } from "../errors/traps.mjs";
import { fromHex } from "../wasm/hex.mjs";
import { resultValue } from "../wasm/results.mjs";
import { isExpected } from "./values.mjs";

/** @typedef {import("./plan.d.ts").HostEntry} HostEntry */
/** @typedef {import("./instance.mjs").Call} Call */

const LOG_LIMIT = 10_000;

/**
 * @param {number | string} place an address, or `arg:N`
 * @param {any[]} args
 */
function addressOf(place, args) {
  if (typeof place !== "string") return place;
  const argument = args[Number(place.slice(4))];
  return typeof argument === "bigint" ? Number(BigInt.asUintN(64, argument)) : argument >>> 0;
}

/**
 * The entries of one import, one for each call of any instance of a run: each serves its times, the last one all that follow.
 *
 * @param {HostEntry[]} entries
 * @returns {Generator<HostEntry, never>}
 */
export function* entriesByCall(entries) {
  for (const entry of entries) for (let left = entry.times; left > 0; left--) yield entry;
  for (;;) yield entries[entries.length - 1];
}

/**
 * One import of one instance. `make` gives the function to hand to the engine.
 *
 * The effects are a generator that yields each promise that has to be waited for: what comes before the first
 * runs with the guest's frames still below, and may throw into the guest at once.
 */
export class HostImport {
  /**
   * @param {import("./instance.mjs").Instance} instance
   * @param {import("./plan.d.ts").ImportPlan} spec
   * @param {ReturnType<typeof entriesByCall>} entries
   */
  constructor(instance, spec, entries) {
    const { run } = instance;
    this.run = run;
    this.instance = instance;
    this.spec = spec;
    this.name = `${spec.module}.${spec.name}`;
    this.entries = entries;
    this.waits = run.plan.waiting.includes(this.name);
    this.suspending = run.lists.imports.has(this.name);
  }

  make() {
    const host = (/** @type {any[]} */ ...args) => this.#called(args);
    return this.suspending && !this.run.dryRun ? this.run.switching.suspending(host) : host;
  }

  /** @param {any[]} args */
  #called(args) {
    const { run } = this;
    if (run.over) throw uncatchable(new NameMissing("this run is over"));
    const call = run.currentCall(this.instance);
    if (this.suspending) this.#checkSuspendable();
    if (this.suspending && run.dryRun) throw run.endDryRun();
    if (run.log.length < LOG_LIMIT) run.log.push(this.name);
    const effects = this.#effects(this.entries.next().value, args, call);
    run.active.push({ kind: "host", name: this.name });
    let first;
    try {
      first = effects.next();
    } finally {
      run.active.pop();
    }
    if (first.done && !run.switching.suspendsAlways) return first.value;
    if (this.suspending) run.suspended(this.instance, this.name, call); // what threw at once, has not
    if (first.done) return this.suspending ? Promise.resolve(first.value) : first.value;
    if (!this.suspending) {
      // A promise handed to the guest would be taken for a number.
      first.value.catch?.(() => {});
      throw run.missing("imports", this.name, `${this.name} waits and is not Suspending`);
    }
    return this.#finish(effects, first.value, call);
  }

  /**
   * @param {Generator<Promise<any>, any>} effects
   * @param {Promise<any>} promise
   * @param {Call | undefined} call
   */
  async #finish(effects, promise, call) {
    for (;;) {
      let failed = false;
      let value;
      try {
        value = await promise;
      } catch (error) {
        failed = true;
        value = error;
      }
      if (!failed && call?.isCancelled) {
        failed = true;
        value = new HostFailure("cancelled");
      }
      const step = failed ? effects.throw(value) : effects.next(value);
      if (step.done) return step.value;
      promise = step.value;
    }
  }

  /** Where an engine would call the import and only then refuse to suspend, refuse first: no effect happens twice. */
  #checkSuspendable() {
    const { run } = this;
    const below = run.active.at(-1);
    if (below === undefined || below.kind === "promising") return;
    if (below.kind === "start") throw new SuspendRefused(`the start function of ${below.name} calls ${this.name}, which waits`);
    if (below.byHost) throw new SuspendRefused(betweenMessage(below.byHost, below.name));
    throw run.missing("exports", below.name, `${below.name} is not promising and calls ${this.name}, which waits`);
  }

  /** @type {(entry: HostEntry, args: any[], call: Call | undefined) => Generator<Promise<any>, any>} */
  *#effects(entry, args, call) {
    if (entry.args !== null) this.#checkArgs(entry.args, args);
    if (entry.throws !== null) throw this.#failure(entry.throws);
    for (const each of entry.calls) if (each.when === "before") yield* this.#reenter(each, call);
    yield* this.#wait(entry, call);
    for (const each of entry.calls) if (each.when === "during") yield* this.#reenter(each, call);
    this.#change(entry, args);
    if (entry.rejects !== null) throw this.#failure(entry.rejects);
    return resultValue(
      entry.returns.map((text) => (text.startsWith("arg:") ? args[Number(text.slice(4))] : this.instance.fromWire(text))),
    );
  }

  /**
   * @param {HostEntry} entry
   * @param {Call | undefined} call
   */
  *#wait({ delay_ms: delayMs, gate, rejects }, call) {
    const { run } = this;
    if (gate === null && delayMs === null) {
      if (this.waits && (run.switching.suspendsAlways || rejects !== null)) yield Promise.resolve();
      return;
    }
    if (!this.suspending) yield Promise.resolve(); // reported as missing before anything has begun
    if (delayMs !== null) yield run.waitFor(call, (done) => run.timer(done, delayMs));
    if (gate !== null) yield run.waitFor(call, (done) => run.atGate(gate, done));
  }

  /**
   * Change what the instance has: its memory, its globals, its tables.
   *
   * @param {HostEntry} entry
   * @param {any[]} args
   */
  #change(entry, args) {
    const { memory, exports, plan } = this.instance;
    if (entry.grows > 0) memory.grow(plan.memory?.is64 ? BigInt(entry.grows) : entry.grows);
    for (const write of entry.writes) {
      const data = fromHex(write.hex);
      new Uint8Array(memory.buffer, addressOf(write.at, args), data.length).set(data);
    }
    for (const set of entry.sets) exports[set.name].value = this.instance.fromWire(set.value);
    for (const set of entry.table_sets) {
      const value = set.export === null ? null : exports[set.export];
      exports[set.table].set(plan.tables[set.table]?.is64 ? BigInt(set.index) : set.index, value);
    }
  }

  /**
   * @param {import("./plan.d.ts").ReentryPlan} reentry
   * @param {Call | undefined} call
   */
  *#reenter(reentry, call) {
    const { run } = this;
    const instance = reentry.instance === null ? this.instance : run.instance(reentry.instance);
    const inner = run.beginCall(instance, reentry.export, reentry.args, { parent: call, byHost: this.name, suspending: reentry.suspending });
    if (inner.promise !== null) yield inner.promise;
    const { error, thrown, values = [] } = inner.outcome;
    if (error !== undefined) throw thrown;
    if (reentry.values === null || allExpected(reentry.values, values)) return;
    run.problem(`${this.name} called ${reentry.export}: expected ${reentry.values.join(", ")}, got ${values.join(", ")}`);
  }

  /** @type {(expected: string[], args: any[]) => void} */
  #checkArgs(expected, args) {
    const actual = this.spec.params.map((kind, i) => this.instance.toWire(args[i], kind));
    if (!allExpected(expected, actual)) {
      this.run.problem(`${this.name} was called with ${actual.join(", ")}, expected ${expected.join(", ")}`);
    }
  }

  /** @param {import("./plan.d.ts").FailurePlan} failure */
  #failure(failure) {
    if (failure.tag === null) return new HostFailure(failure.message);
    const tag = this.instance.exports[failure.tag];
    if (!(tag instanceof WebAssembly.Tag)) {
      this.run.problem(`${this.name} throws the tag ${failure.tag}, which the instance does not export`);
      return new HostFailure(failure.message);
    }
    return new WebAssembly.Exception(tag, failure.values.map((text) => this.instance.fromWire(text)));
  }
}

/**
 * @param {string[]} expected
 * @param {string[]} actual
 */
const allExpected = (expected, actual) => expected.length === actual.length && expected.every((each, i) => isExpected(each, actual[i]));

/**
 * @param {string} importName
 * @param {string} exportName
 */
export function betweenMessage(importName, exportName) {
  return `a JavaScript frame lies between: the host function ${importName} calls the export ${exportName} by an ordinary call`;
}
