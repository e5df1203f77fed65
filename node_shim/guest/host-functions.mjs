// What a guest gets for its imports: host functions in Python, those that wait and those that block, and in JavaScript.

import { pathToFileURL } from "node:url";

import { uncatchable } from "../errors/traps.mjs";
import { resultValue } from "../wasm/results.mjs";
import { BODY, FrameWriter } from "../transport/frames.mjs";
import { ABANDONED, rejecting } from "./call.mjs";
import { read, sizeOf, write, zero } from "./codec.mjs";
import { KIND } from "./kinds.mjs";

/** @typedef {import("./instance.mjs").GuestInstance} GuestInstance */
/** @typedef {import("./plan.d.ts").HostFunctionPlan} HostFunctionPlan */
/** @typedef {import("./call.mjs").Call} Call */

const OUT_OF_BOUNDS = 0xffffffff;
const HEAD = 22; // u32 call, u32 host call, u16 import, f64 memory size, u32 instance
/** @type {[number, number][]} */
const NO_FRAMES = [];

/** @param {any} value a pointer or a length of the guest's */
const unsigned = (value) => (typeof value === "bigint" ? Number(BigInt.asUintN(64, value)) : value >>> 0);

export class HostFunctions {
  #instance;
  #plan;
  #hostCalls = 0;
  /** @type {Map<string, Record<string, any>>} by path */
  #scripts = new Map();
  /** @type {Map<HostFunctionPlan, Function> | null} what stands between the guest and the functions it waits for */
  #checked = null;

  /** @param {GuestInstance} instance */
  constructor(instance) {
    this.#instance = instance;
    this.#plan = instance.plan;
  }

  /** Load the modules of host functions in JavaScript. */
  async load() {
    for (const { script } of this.#plan.imports) {
      if (script && !this.#scripts.has(script.path)) this.#scripts.set(script.path, await import(pathToFileURL(script.path).href));
    }
  }

  /**
   * Have the guest call its waiting imports by way of functions that look, after the wait, whether the call is to go on.
   *
   * @param {WebAssembly.Module} module the one that stackswitch/wasm/import_wrappers.py makes
   */
  check(module) {
    const { current, stacks } = this.#instance;
    const waiting = this.#plan.imports.filter((plan) => plan.waits);
    /** @type {WebAssembly.Imports} */
    const host = Object.fromEntries(waiting.map((plan, at) => [at, this.#suspending(plan)]));
    host.check = () => {
      const call = current.get();
      if (call.failure === null) return;
      const { failure } = call;
      call.failure = null;
      throw uncatchable(failure);
    };
    const { exports } = new WebAssembly.Instance(module, { host });
    current.latest = { failure: ABANDONED };
    try {
      exports.check();
    } catch (error) {
      stacks.leaveOut(error);
    }
    this.#checked = new Map(waiting.map((plan, at) => [plan, exports[at]]));
  }

  /** What the engine is to be given. */
  imports() {
    /** @type {WebAssembly.Imports} */
    const imports = {};
    for (const plan of this.#plan.imports) {
      imports[plan.module] ??= {};
      imports[plan.module][plan.name] = this.#provide(plan);
    }
    return imports;
  }

  /** @param {HostFunctionPlan} plan */
  #provide(plan) {
    if (plan.wasi) return this.#instance.wasi?.functionFor(plan.name, this.#instance);
    if (!plan.waits) return this.#blocking(plan);
    return this.#checked?.get(plan) ?? this.#suspending(plan);
  }

  /** @param {HostFunctionPlan} plan */
  #suspending(plan) {
    return this.#instance.switching.suspending(plan.script ? this.#scripted(plan, plan.script) : this.#waiting(plan));
  }

  /**
   * A function in JavaScript: no handler of the guest catches what it throws, as with those in Python.
   *
   * @param {HostFunctionPlan} plan
   * @param {{path: string, name: string}} script
   */
  #scripted(plan, { path, name }) {
    const host = this.#scripts.get(path)?.[name];
    if (typeof host !== "function") throw new TypeError(`${path} exports no function ${name}`);
    const instance = this.#instance;
    const caller = {
      get memory() {
        return instance.memory;
      },
      get exports() {
        return instance.exports;
      },
    };
    const nothing = resultValue(plan.results.map(zero));
    return (/** @type {any[]} */ ...args) => {
      const call = instance.current.get();
      const fail = (/** @type {unknown} */ error) => {
        if (this.#checked === null) throw uncatchable(error);
        call.failure = error;
        return nothing;
      };
      let result;
      try {
        result = host(caller, ...args);
      } catch (error) {
        return fail(error);
      }
      return result instanceof Promise ? this.#settled(call, plan, result, fail) : result;
    };
  }

  /**
   * Wait for a promise, as long as the call is not abandoned.
   *
   * @param {Call} call
   * @param {HostFunctionPlan} plan
   * @param {Promise<any>} result
   * @param {(error: unknown) => any} fail
   */
  #settled(call, plan, result, fail) {
    return new Promise((resolve, reject) => {
      const waiting = { resolve, reject: this.#checked === null ? rejecting(reject) : null, kinds: plan.results, hostCall: ++this.#hostCalls };
      call.waiting = waiting;
      /** @type {(settle: (value: any) => any) => (value: any) => void} */
      const done = (settle) => (value) => {
        if (call.waiting !== waiting) return; // abandoned
        call.waiting = null;
        resolve(new Promise((settled) => settled(settle(value))));
      };
      result.then(done((value) => value), done(fail));
    });
  }

  /**
   * A function in Python that waits.
   *
   * @param {HostFunctionPlan} plan
   */
  #waiting(plan) {
    const { current, stacks } = this.#instance;
    return (/** @type {any[]} */ ...args) => {
      const call = current.get();
      const hostCall = ++this.#hostCalls;
      const frame = this.#frame(plan, call, hostCall, args, this.#plan.stacks ? stacks.here() : NO_FRAMES);
      return new Promise((resolve, reject) => {
        call.waiting = { resolve, reject: this.#checked === null ? rejecting(reject) : null, kinds: plan.results, hostCall };
        this.#instance.thread.writer.send(frame);
      });
    };
  }

  /**
   * A function in Python that does not wait: this thread blocks meanwhile.
   *
   * @param {HostFunctionPlan} plan
   */
  #blocking(plan) {
    const { current, references } = this.#instance;
    return (/** @type {any[]} */ ...args) => {
      const frame = this.#frame(plan, current.get(), ++this.#hostCalls, args, NO_FRAMES);
      const { kind, view, at } = this.#instance.thread.blocking.call(frame);
      if (kind === KIND.HOST_REJECT) throw uncatchable(ABANDONED);
      return resultValue(read(plan.results, view, at + 8, references));
    };
  }

  /**
   * The frame that calls a host function: the head, the arguments, slices of memory, the stack.
   *
   * @param {HostFunctionPlan} plan
   * @param {Call} call
   * @param {number} hostCall
   * @param {any[]} args
   * @param {[number, number][]} stack
   */
  #frame(plan, call, hostCall, args, stack) {
    const { memories, references } = this.#instance;
    const slices = plan.reads.length === 0 ? [] : this.#slices(plan.reads, args);
    let size = HEAD + sizeOf(plan.params);
    for (const each of slices) size += 4 + (each?.length ?? 0);
    if (this.#plan.stacks) size += 8 * stack.length + 4;
    const frame = FrameWriter.frame(KIND.HOST_CALL, size);
    frame.writeUInt32LE(call.id, BODY);
    frame.writeUInt32LE(hostCall, BODY + 4);
    frame.writeUInt16LE(plan.index, BODY + 8);
    frame.writeDoubleLE(memories.size, BODY + 10);
    frame.writeUInt32LE(this.#plan.instance, BODY + 18);
    let at = BODY + HEAD;
    write(plan.params, args, frame, at, references);
    at += sizeOf(plan.params);
    for (const each of slices) {
      at = frame.writeUInt32LE(each?.length ?? OUT_OF_BOUNDS, at);
      if (each === null) continue;
      frame.set(each, at);
      at += each.length;
    }
    if (!this.#plan.stacks) return frame;
    for (const [index, offset] of stack) {
      at = frame.writeUInt32LE(index, at);
      at = frame.writeUInt32LE(offset, at);
    }
    frame.writeUInt32LE(stack.length, at);
    return frame;
  }

  /**
   * @param {[number, number][]} reads
   * @param {any[]} args
   * @returns null for one that lies outside
   */
  #slices(reads, args) {
    const bytes = this.#instance.memories.bytes();
    return reads.map(([pointer, length]) => {
      const from = unsigned(args[pointer]);
      const to = from + unsigned(args[length]);
      return bytes !== undefined && to <= bytes.length ? bytes.subarray(from, to) : null;
    });
  }
}
