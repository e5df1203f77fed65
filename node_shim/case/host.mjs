// What a case's host functions do when they are called, as its entries say (docs/suite-format.md).

import { HostFailure, NameMissing, SuspendRefused, uncatchable } from "../errors/traps.mjs";
import { isExpected, resultValue } from "./values.mjs";

const LOG_LIMIT = 10_000;

const at = (place, args) => {
  if (typeof place !== "string") return place;
  const argument = args[Number(place.slice(4))];
  return typeof argument === "bigint" ? Number(BigInt.asUintN(64, argument)) : argument >>> 0;
};

function bytes(hex) {
  const out = new Uint8Array(hex.length / 2);
  for (let i = 0; i < out.length; i++) out[i] = Number.parseInt(hex.substr(i * 2, 2), 16);
  return out;
}

/** Serves the calls of one import in turn, for all instances of a run. */
export class Turns {
  #entries;
  #left;

  constructor(entries) {
    this.#entries = [...entries];
    this.#left = this.#entries[0]?.times;
  }

  next() {
    if (this.#left === 0 && this.#entries.length > 1) {
      this.#entries.shift();
      this.#left = this.#entries[0].times;
    }
    if (this.#left > 0) this.#left--;
    return this.#entries[0];
  }
}

/**
 * One import of one instance. `make` gives the function to hand to the engine.
 *
 * The effects are a generator that yields each promise that has to be waited for: what comes before the first
 * is done with the guest's frames still below, and may throw into the guest at once.
 */
export class HostImport {
  constructor(run, instance, spec, turns) {
    this.run = run;
    this.instance = instance;
    this.spec = spec;
    this.name = `${spec.module}.${spec.name}`;
    this.turns = turns;
    this.waits = run.plan.waiting.includes(this.name);
    this.suspending = run.lists.imports.has(this.name);
  }

  make() {
    const host = (...args) => this.#called(args);
    return this.suspending && !this.run.scouting ? this.run.switching.suspending(host) : host;
  }

  #called(args) {
    const { run } = this;
    if (run.over) throw uncatchable(new NameMissing("this run is over"));
    const call = run.currentCall(this.instance);
    if (this.suspending) this.#checkSuspendable();
    if (this.suspending && run.scouting) throw run.scouted();
    if (run.log.length < LOG_LIMIT) run.log.push(this.name);
    const entry = this.turns.next();
    const effects = this.#effects(entry, args, call);
    run.active.push({ kind: "host", name: this.name });
    let first;
    try {
      first = effects.next();
    } finally {
      run.active.pop();
    }
    if (first.done && !run.switching.setsAsideAlways) return first.value;
    if (this.suspending) run.suspended(this.instance, this.name, call); // what threw at once, has not
    if (first.done) return this.suspending ? Promise.resolve(first.value) : first.value;
    if (!this.suspending) {
      // A promise handed to the guest would be taken for a number.
      first.value.catch?.(() => {});
      throw run.missing("imports", this.name, `${this.name} waits and is not Suspending`);
    }
    return this.#finish(effects, first.value, call);
  }

  async #finish(effects, promise, call) {
    for (;;) {
      let step;
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
      step = failed ? effects.throw(value) : effects.next(value);
      if (step.done) return step.value;
      promise = step.value;
    }
  }

  /** Where an engine would call the import and only then refuse to suspend, refuse first: no effect is doubled. */
  #checkSuspendable() {
    const { run } = this;
    const below = run.active.at(-1);
    if (below === undefined || below.kind === "promising") return;
    if (below.kind === "start") throw new SuspendRefused(`the start function of ${below.name} calls ${this.name}, which waits`);
    if (below.byHost !== null) throw new SuspendRefused(betweenMessage(below.byHost, below.name));
    throw run.missing("exports", below.name, `${below.name} is not promising and calls ${this.name}, which waits`);
  }

  *#effects(entry, args, call) {
    const { run, instance } = this;
    if (entry.args !== null) this.#checkArgs(entry.args, args);
    if (entry.throws !== null) throw this.#failure(entry.throws);
    for (const each of entry.calls) if (each.when === "before") yield* this.#reenter(each, call);
    if (entry.gate !== null || entry.delay_ms !== null) {
      if (!this.suspending) yield Promise.resolve(); // told as missing before anything has begun
      if (entry.delay_ms !== null) yield run.waitFor(call, (done) => run.timer(done, entry.delay_ms));
      if (entry.gate !== null) yield run.waitFor(call, (done) => run.atGate(entry.gate, done));
    } else if (this.waits && (run.switching.setsAsideAlways || entry.rejects !== null)) {
      yield Promise.resolve();
    }
    for (const each of entry.calls) if (each.when === "during") yield* this.#reenter(each, call);
    const memory = instance.memory;
    if (entry.grows > 0) memory.grow(instance.plan.memory.is64 ? BigInt(entry.grows) : entry.grows);
    for (const write of entry.writes) {
      const data = bytes(write.hex);
      new Uint8Array(memory.buffer, at(write.at, args), data.length).set(data);
    }
    for (const set of entry.sets) instance.exports[set.name].value = instance.fromWire(set.value);
    for (const set of entry.table_sets) {
      const value = set.export === null ? null : instance.exports[set.export];
      instance.exports[set.table].set(instance.plan.tables[set.table]?.is64 ? BigInt(set.index) : set.index, value);
    }
    if (entry.rejects !== null) throw this.#failure(entry.rejects);
    return resultValue(
      entry.returns.map((text) => (text.startsWith("arg:") ? args[Number(text.slice(4))] : instance.fromWire(text))),
    );
  }

  *#reenter(reentry, call) {
    const { run } = this;
    const instance = reentry.instance === null ? this.instance : run.instances.get(reentry.instance);
    const inner = run.beginCall(instance, reentry.export, reentry.args, { parent: call, byHost: this.name, suspending: reentry.suspending });
    if (inner.promise !== null) yield inner.promise;
    const ended = inner.ended;
    if (ended.error !== undefined) throw ended.thrown;
    if (reentry.values !== null) {
      const same = reentry.values.length === ended.values.length && reentry.values.every((each, i) => isExpected(each, ended.values[i]));
      if (!same) {
        run.problem(`${this.name} called ${reentry.export}: expected ${reentry.values.join(", ")}, got ${ended.values.join(", ")}`);
      }
    }
  }

  #checkArgs(expected, args) {
    const actual = this.spec.params.map((kind, i) => this.instance.toWire(args[i], kind));
    const same = expected.length === actual.length && expected.every((each, i) => isExpected(each, actual[i]));
    if (!same) this.run.problem(`${this.name} was called with ${actual.join(", ")}, expected ${expected.join(", ")}`);
  }

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

export function betweenMessage(importName, exportName) {
  return `a JavaScript frame lies between: the host function ${importName} calls the export ${exportName} by an ordinary call`;
}
