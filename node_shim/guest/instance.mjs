// A guest of the library: an instance, and the calls of its exports.

import { Exit, explain, meant, uncatchable } from "../errors/traps.mjs";
import { GuestWasi } from "../wasi/guest-wasi.mjs";
import { resultList } from "../wasm/results.mjs";
import { BODY, FrameWriter } from "../transport/frames.mjs";
import { Abandoned, ABANDONED, Call, CurrentCall } from "./call.mjs";
import { read, References, sizeOf, write } from "./codec.mjs";
import { HostFunctions } from "./host-functions.mjs";
import { KIND } from "./kinds.mjs";
import { GuestMemories } from "./memory.mjs";
import { GuestStacks } from "./stacks.mjs";

/** @typedef {(call: Call, outcome: any) => Buffer} CallEnd makes the frame that reports a call's result, or the error it threw */
/** @typedef {{module: WebAssembly.Module, switching: import("../jspi/switching.mjs").JspiSwitching}} Compiled */

const START = { name: "", params: [], results: [] };
const CHECKED = 0; // the number of the module that stackswitch/wasm/import_wrappers.py makes

export class GuestInstance {
  memories = new GuestMemories();
  references = new References();
  stacks = new GuestStacks();

  /** @type {WebAssembly.Exports} */
  exports = {};

  /** @type {import("../jspi/switching.mjs").Entry[]} by the number of the export */
  #entries = [];
  /** @type {import("../jspi/switching.mjs").Entry[]} for calls that another call waits for */
  #nested = [];

  /**
   * @param {import("./plan.d.ts").GuestThread} thread
   * @param {import("./plan.d.ts").GuestPlan} plan
   * @param {Compiled["switching"]} switching JSPI; where calls overlap, with a C stack for each
   */
  constructor(thread, plan, switching) {
    this.thread = thread;
    this.plan = plan;
    this.switching = switching;
    this.current = new CurrentCall(plan.concurrent);
    this.wasi = plan.wasi === null ? null : new GuestWasi(plan.wasi);
  }

  /** The first memory, as WASI wants it. */
  get memory() {
    return this.memories.first;
  }

  get stackPointer() {
    const found = this.exports.__stack_pointer;
    return found instanceof WebAssembly.Global ? found : undefined;
  }

  /**
   * @param {Map<number, Compiled>} modules
   * @returns null, or what went wrong
   */
  async instantiate(modules) {
    const plan = this.plan;
    const { module } = /** @type {Compiled} */ (modules.get(plan.module));
    const functions = new HostFunctions(this);
    try {
      await this.wasi?.open();
      await functions.load();
      this.stacks.leaveOut(uncatchable(ABANDONED), 1);
      if (!plan.concurrent) functions.check(/** @type {Compiled} */ (modules.get(CHECKED)).module);
      const imports = functions.imports();
      this.current.latest = new Call(this, plan.call, START);
      this.exports = this.switching.instantiate(module, imports, plan.calls).exports;
    } catch (error) {
      return this.#failure(error);
    } finally {
      this.current.latest = null;
    }
    this.memories = new GuestMemories(plan.memories.map((name) => this.exports[name]), plan.counter === null ? null : this.exports[plan.counter]);
    const entries = (/** @type {boolean} */ isNested) => plan.exports.map(({ name }) => this.switching.promising(this.exports[name], { isNested }));
    this.#entries = entries(false);
    this.#nested = plan.concurrent ? entries(true) : this.#entries;
    return null;
  }

  /**
   * CALL: u32 instance (taken), u32 call, u32 the call it is made within (0: none), u16 export, the arguments.
   *
   * @param {DataView} view
   * @param {number} at
   */
  begin(view, at) {
    const number = view.getUint16(at + 8, true);
    const plan = this.plan.exports[number];
    const parent = this.thread.calls.get(view.getUint32(at + 4, true)) ?? null;
    const call = new Call(this, view.getUint32(at, true), plan);
    const entry = (parent === null ? this.#entries : this.#nested)[number];
    const args = read(plan.params, view, at + 10, this.references);
    this.thread.calls.set(call.id, call);
    const end = (/** @type {Buffer} */ frame) => {
      this.thread.calls.delete(call.id);
      if (this.current.latest === call) this.current.latest = parent;
      this.thread.writer.send(frame);
      call.end();
    };
    const returned = (/** @type {any} */ result) => end(this.#returned(call, result));
    const failed = (/** @type {unknown} */ error) => end(this.#failed(call, error));
    this.current.run(call, () => entry(args, returned, failed));
  }

  /**
   * The same by an ordinary call, which must not wait; Python blocks meanwhile.
   *
   * @param {DataView} view
   * @param {number} at
   * @param {{send: (frame: Buffer) => void}} writer
   */
  callNow(view, at, writer) {
    const plan = this.plan.exports[view.getUint16(at + 8, true)];
    const call = new Call(this, view.getUint32(at, true), plan);
    const before = this.current.latest;
    let frame;
    try {
      const args = read(plan.params, view, at + 10, this.references);
      frame = this.#returned(call, this.current.run(call, () => this.switching.plain(this.exports[plan.name])(...args)));
    } catch (error) {
      frame = this.#failed(call, error);
    } finally {
      this.current.latest = before;
    }
    writer.send(frame);
  }

  /** @type {CallEnd} */
  #returned(call, result) {
    const { results } = call.plan;
    const { frame, at } = this.#endFrame(KIND.RETURNED, call, sizeOf(results));
    write(results, resultList(result, results.length), frame, at, this.references);
    return frame;
  }

  /** @type {CallEnd} */
  #failed(call, error) {
    const pointer = this.stackPointer;
    if (pointer !== undefined && call.stackPointer !== undefined && !this.switching.restoresPointer(this.exports[call.plan.name])) {
      pointer.value = call.stackPointer;
    }
    const damaged = this.switching.isDamaged(this.exports[call.plan.name]);
    const text = Buffer.from(JSON.stringify({ ...this.#failure(error), damaged }));
    const { frame, at } = this.#endFrame(KIND.FAILED, call, text.length);
    frame.set(text, at);
    return frame;
  }

  /**
   * A call has ended: u32 call, f64 memory size, then `size` bytes.
   *
   * @param {number} kind
   * @param {Call} call
   * @param {number} size
   */
  #endFrame(kind, call, size) {
    const frame = FrameWriter.frame(kind, 12 + size);
    frame.writeUInt32LE(call.id, BODY);
    const at = frame.writeDoubleLE(this.memories.size, BODY + 4);
    return { frame, at };
  }

  /** @param {unknown} thrown */
  #failure(thrown) {
    const error = meant(thrown);
    if (error === ABANDONED || error instanceof Abandoned) {
      return { kind: "abandoned", message: "", frames: this.stacks.ofError(error instanceof Abandoned ? error.where : thrown) };
    }
    const status = error instanceof Exit ? error.status : null;
    return { ...explain(error), status, frames: this.stacks.ofError(error) };
  }

  /**
   * Read an exported global, or set it.
   *
   * @param {string} name
   * @param {string} [value]
   */
  global(name, value) {
    const global = this.exports[name];
    if (value !== undefined) global.value = typeof global.value === "bigint" ? BigInt(value) : Number(value);
    return { value: String(global.value) };
  }

  /** What was written to standard output and error since this was last called. */
  output() {
    return this.wasi === null ? [] : this.wasi.takeOutput();
  }
}
