// A guest of the library's: an instance, its imports, and the calls under way.

import { AsyncLocalStorage } from "node:async_hooks";
import { pathToFileURL } from "node:url";

import { framesOfError, guestFrames } from "../stacks/capture.mjs";
import { Exit, explain, meant, uncatchable } from "../errors/traps.mjs";
import { GuestWasi } from "../wasi/folders.mjs";
import { asList, asResult, read, References, sizeOf, write } from "./codec.mjs";
import { BODY, FrameWriter } from "../wire/frames.mjs";
import { countGrowth } from "./growth.mjs";
import { KIND } from "./kinds.mjs";

const FRAMES_LIMIT = 50;
const OUT_OF_BOUNDS = 0xffffffff;
const HOST_CALL_HEAD = 22; // u32 call, u32 host call, u16 import, f64 memory size, u32 instance

const NO_FRAMES = [];
const CHECKED = 0; // the number of the module that stackswitch/wasm/checked.py makes

/** Python has the error itself; the guest only has to go. */
const ABANDONED = new Error("abandoned");

/** The same where no `checked` stands between, which would note the stack when it is thrown. */
class Abandoned {
  constructor(where) {
    this.where = where;
  }
}

/** To be made where the wait begins; called, it rejects. */
function rejecting(reject) {
  const where = {};
  Error.captureStackTrace(where);
  return () => reject(uncatchable(new Abandoned(where)));
}

class Call {
  constructor(instance, id, plan, parent) {
    this.instance = instance;
    this.id = id;
    this.plan = plan;
    this.parent = parent;
    this.waiting = null; // {resolve, kinds, hostCall}
    this.failure = null; // what `check` is to throw into the guest
    this.stackPointer = instance.stackPointer?.value;
    this.ended = new Promise((resolve) => (this.end = resolve));
  }

  resume(view, at) {
    const waiting = this.waiting;
    if (waiting === null || waiting.hostCall !== view.getUint32(at, true)) return;
    this.waiting = null;
    waiting.resolve(asResult(read(waiting.kinds, view, at + 4, this.instance.references)));
  }

  /** @param hostCall only if it waits for that one; @returns what comes true when it has ended */
  abandon(hostCall = this.waiting?.hostCall) {
    const waiting = this.waiting;
    if (waiting === null || waiting.hostCall !== hostCall) return undefined;
    this.waiting = null;
    if (waiting.reject !== null) {
      waiting.reject();
      return this.ended;
    }
    this.failure = ABANDONED;
    waiting.resolve(asResult(waiting.kinds.map(zero))); // `check` throws
    return this.ended;
  }
}

/** What a host function in JavaScript gets first. */
class Caller {
  constructor(instance) {
    this.instance = instance;
  }

  get memory() {
    return this.instance.memory;
  }

  get exports() {
    return this.instance.exports;
  }
}

export class GuestInstance {
  #thread;
  #plan;
  #exports = {};
  #entries = [];
  #memories = [];
  #views = [];
  #latest = null; // the call that runs, where one instance has one call at a time
  #storage = null; // which call runs, where it has several
  #hostCalls = 0;
  #switching; // JSPI; where calls overlap, with a C stack for each (../jspi/switching.mjs)
  #nested = [];
  #checked = null; // what stands between the guest and the functions it waits for (stackswitch/wasm/checked.py)
  #helping = new Set(); // URLs of modules that are not the guest's
  #javascript = new Map();

  constructor(thread, plan) {
    this.#thread = thread;
    this.#plan = plan;
    this.references = new References();
    this.#storage = plan.concurrent ? new AsyncLocalStorage() : null;
    this.wasi = plan.wasi === null ? null : new GuestWasi(plan.wasi);
  }

  /** A memory as bytes, by its place among those exported. */
  bytes(index = 0) {
    const memory = this.#memories[index];
    if (memory === undefined) return undefined;
    const buffer = memory.buffer;
    if (this.#views[index]?.buffer !== buffer) this.#views[index] = new Uint8Array(buffer);
    return this.#views[index];
  }

  /** The first one, as WASI wants it. */
  get memory() {
    return this.#memories[0];
  }

  get memorySize() {
    return this.#memories[0]?.buffer.byteLength ?? 0;
  }

  grow(index, pages) {
    const memory = this.#memories[index];
    let before = null;
    try {
      before = Number(memory.grow(typeof memory.type?.().minimum === "bigint" ? BigInt(pages) : pages));
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
    }
    return { before, size: memory.buffer.byteLength };
  }

  get stackPointer() {
    const found = this.#exports.__stack_pointer;
    return found instanceof WebAssembly.Global ? found : undefined;
  }

  /** @returns null, or what went wrong */
  async instantiate(modules) {
    const { module, switching } = modules.get(this.#plan.module);
    this.#switching = switching;
    try {
      await this.wasi?.open();
      for (const { script } of this.#plan.imports) {
        if (script && !this.#javascript.has(script.path)) {
          this.#javascript.set(script.path, await import(pathToFileURL(script.path).href));
        }
      }
      for (const [url] of framesOfError(uncatchable(ABANDONED), 1)) this.#helping.add(url);
      if (!this.#plan.concurrent) this.#checked = this.#check(modules.get(CHECKED).module);
      const imports = {};
      for (const plan of this.#plan.imports) {
        imports[plan.module] ??= {};
        imports[plan.module][plan.name] = this.#provide(plan);
      }
      const start = new Call(this, this.#plan.call, { name: "", results: [] }, null);
      this.#latest = start;
      this.#exports = switching.instantiate(module, imports, this.#plan.hidden).exports;
    } catch (error) {
      return this.#failure(error);
    } finally {
      this.#latest = null;
    }
    this.#memories = this.#plan.memories.map((name) => this.#exports[name]);
    if (this.#plan.counter !== null) for (const memory of new Set(this.#memories)) countGrowth(memory, this.#exports[this.#plan.counter]);
    const entries = (isNested) => this.#plan.exports.map(({ name }) => switching.promising(this.#exports[name], { isNested }));
    this.#entries = entries(false);
    this.#nested = this.#plan.concurrent ? entries(true) : this.#entries;
    return null;
  }

  /** Functions that call the host's and then look whether the call is to go on. */
  #check(module) {
    const waiting = this.#plan.imports.filter((plan) => plan.waits);
    const host = {};
    for (const [at, plan] of waiting.entries()) host[at] = this.#switching.suspending(plan.script ? this.#script(plan) : this.#waiting(plan));
    host.check = () => {
      const call = this.#current;
      if (call.failure === null) return;
      const failure = call.failure;
      call.failure = null;
      throw uncatchable(failure);
    };
    const exports = new WebAssembly.Instance(module, { host }).exports;
    this.#latest = { failure: ABANDONED };
    try {
      exports.check();
    } catch (error) {
      for (const [url] of framesOfError(error, FRAMES_LIMIT)) this.#helping.add(url);
    }
    return new Map(waiting.map((plan, at) => [plan, exports[at]]));
  }

  #provide(plan) {
    if (plan.wasi) return this.wasi.functionFor(plan.name, this);
    if (!plan.waits) return this.#blocking(plan);
    return this.#checked?.get(plan) ?? this.#switching.suspending(plan.script ? this.#script(plan) : this.#waiting(plan));
  }

  /** A host function in JavaScript: what it throws no handler of the guest takes, as with those in Python. */
  #script(plan) {
    const found = this.#javascript.get(plan.script.path)[plan.script.name];
    if (typeof found !== "function") throw new TypeError(`${plan.script.path} exports no function ${plan.script.name}`);
    const caller = new Caller(this);
    return (...args) => {
      const call = this.#current;
      const nothing = asResult(plan.results.map(zero));
      const fail = (error) => {
        if (this.#checked === null) throw uncatchable(error);
        call.failure = error;
        return nothing;
      };
      let result;
      try {
        result = found(caller, ...args);
      } catch (error) {
        return fail(error);
      }
      if (!(result instanceof Promise)) return result;
      return new Promise((resolve, reject) => {
        const waiting = { resolve, reject: this.#checked === null ? rejecting(reject) : null, kinds: plan.results, hostCall: ++this.#hostCalls };
        call.waiting = waiting;
        const done = (settle) => (value) => {
          if (call.waiting !== waiting) return; // abandoned
          call.waiting = null;
          resolve(new Promise((settled) => settled(settle(value))));
        };
        result.then(done((value) => value), done(fail));
      });
    };
  }

  get exports() {
    return this.#exports;
  }

  get #current() {
    return this.#storage === null ? this.#latest : (this.#storage.getStore() ?? this.#latest);
  }

  #waiting(plan) {
    const stacks = this.#plan.stacks;
    return (...args) => {
      const call = this.#current;
      const hostCall = ++this.#hostCalls;
      const frame = this.#hostCall(plan, call, hostCall, args, stacks ? numbers(this.#here()) : NO_FRAMES);
      return new Promise((resolve, reject) => {
        call.waiting = { resolve, reject: this.#checked === null ? rejecting(reject) : null, kinds: plan.results, hostCall };
        this.#thread.writer.send(frame);
      });
    };
  }

  #blocking(plan) {
    return (...args) => {
      const frame = this.#hostCall(plan, this.#current, ++this.#hostCalls, args, NO_FRAMES);
      const [kind, view, at] = this.#thread.blocking.call(frame);
      if (kind === KIND.HOST_REJECT) throw uncatchable(ABANDONED);
      return asResult(read(plan.results, view, at + 8, this.references));
    };
  }

  /** The frame that calls a host function: the head, the arguments, slices of memory, the stack. */
  #hostCall(plan, call, hostCall, args, stack) {
    const slices = plan.reads.length === 0 ? plan.reads : this.#slices(plan.reads, args);
    let size = HOST_CALL_HEAD + sizeOf(plan.params);
    for (const each of slices) size += 4 + (each?.length ?? 0);
    if (this.#plan.stacks) size += 8 * stack.length + 4;
    const frame = FrameWriter.frame(KIND.HOST_CALL, size);
    frame.writeUInt32LE(call.id, BODY);
    frame.writeUInt32LE(hostCall, BODY + 4);
    frame.writeUInt16LE(plan.index, BODY + 8);
    frame.writeDoubleLE(this.memorySize, BODY + 10);
    frame.writeUInt32LE(this.#plan.instance, BODY + 18);
    let at = BODY + HOST_CALL_HEAD;
    write(plan.params, args, frame, at, this.references);
    at += sizeOf(plan.params);
    for (const each of slices) {
      frame.writeUInt32LE(each?.length ?? OUT_OF_BOUNDS, at);
      at += 4;
      if (each === null) continue;
      frame.set(each, at);
      at += each.length;
    }
    if (this.#plan.stacks) {
      for (const [index, offset] of stack) {
        at = frame.writeUInt32LE(index, at);
        at = frame.writeUInt32LE(offset, at);
      }
      frame.writeUInt32LE(stack.length, at);
    }
    return frame;
  }

  #slices(reads, args) {
    const bytes = this.bytes();
    return reads.map(([pointer, length]) => {
      const from = address(args[pointer]);
      const to = from + address(args[length]);
      return bytes !== undefined && to <= bytes.length ? bytes.subarray(from, to) : null;
    });
  }

  /** CALL: u32 instance (taken), u32 call, u32 the call it is made within (0: none), u16 export, the arguments. */
  begin(view, at) {
    const plan = this.#plan.exports[view.getUint16(at + 8, true)];
    const parent = this.#thread.calls.get(view.getUint32(at + 4, true)) ?? null;
    const call = new Call(this, view.getUint32(at, true), plan, parent);
    const entry = (parent === null ? this.#entries : this.#nested)[view.getUint16(at + 8, true)];
    const args = read(plan.params, view, at + 10, this.references);
    this.#thread.calls.set(call.id, call);
    const end = (frame) => {
      this.#thread.calls.delete(call.id);
      if (this.#latest === call) this.#latest = parent;
      this.#thread.writer.send(frame);
      call.end();
    };
    this.#latest = call;
    const began = this.#storage === null ? entry(...args) : this.#storage.run(call, () => entry(...args));
    began.then(
      (result) => end(this.#returned(call, plan, result)),
      (error) => end(this.#failed(call, error)),
    );
  }

  /** The same by an ordinary call, which must not wait; Python blocks meanwhile. */
  callNow(view, at, writer) {
    const plan = this.#plan.exports[view.getUint16(at + 8, true)];
    const call = new Call(this, view.getUint32(at, true), plan, null);
    const before = this.#latest;
    this.#latest = call;
    let frame;
    try {
      const args = read(plan.params, view, at + 10, this.references);
      const made = () => this.#exports[plan.name](...args);
      frame = this.#returned(call, plan, this.#storage === null ? made() : this.#storage.run(call, made));
    } catch (error) {
      frame = this.#failed(call, error);
    } finally {
      this.#latest = before;
    }
    writer.send(frame);
  }

  #failed(call, error) {
    if (call.stackPointer !== undefined && !this.#switching.restoresPointer(this.#exports[call.plan.name])) this.stackPointer.value = call.stackPointer;
    const text = Buffer.from(JSON.stringify(this.#failure(error)));
    const frame = FrameWriter.frame(KIND.FAILED, 12 + text.length);
    frame.writeUInt32LE(call.id, BODY);
    frame.writeDoubleLE(this.memorySize, BODY + 4);
    frame.set(text, BODY + 12);
    return frame;
  }

  #returned(call, plan, result) {
    const frame = FrameWriter.frame(KIND.RETURNED, 12 + sizeOf(plan.results));
    frame.writeUInt32LE(call.id, BODY);
    frame.writeDoubleLE(this.memorySize, BODY + 4);
    write(plan.results, asList(result, plan.results.length), frame, BODY + 12, this.references);
    return frame;
  }

  #failure(thrown) {
    const error = meant(thrown);
    if (error === ABANDONED || error instanceof Abandoned) {
      return { kind: "abandoned", message: "", frames: numbers(this.#ownFrames(error.where ?? thrown)) };
    }
    const status = error instanceof Exit ? error.status : null;
    return { ...explain(error), status, frames: numbers(this.#ownFrames(error)) };
  }

  /** The guest's frames of an error, without those of the modules that only help. */
  #ownFrames(error) {
    return framesOfError(error, FRAMES_LIMIT).filter(([url]) => !this.#helping.has(url));
  }

  #here() {
    return guestFrames().filter(([url]) => !this.#helping.has(url)).slice(0, FRAMES_LIMIT);
  }

  global(name, value) {
    const global = this.#exports[name];
    if (value !== undefined) global.value = typeof global.value === "bigint" ? BigInt(value) : Number(value);
    return { value: String(global.value) };
  }

  output() {
    return this.wasi === null ? [] : this.wasi.taken();
  }
}

const zero = (kind) => (kind === "i64" ? 0n : kind === "externref" ? null : 0);
const address = (value) => (typeof value === "bigint" ? Number(BigInt.asUintN(64, value)) : value >>> 0);
const numbers = (frames) => frames.map(([, index, offset]) => [index, offset]);
