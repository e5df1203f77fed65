// The C stack in the guest's memory. The pass leaves its pointer alone, and calls that overlap in time need a stack each:
// C code moves the pointer up and down freely and would write over the frames of those that wait.
//
// The first call is on the guest's own stack, and while it waits the pointer stays below its frames, so that a direct call
// of an export, meanwhile, leaves them alone. Every other call gets a region.

import { isPointer, pointerFunctions, STACK_POINTER } from "../wasm/stack-pointer.mjs";

/** @typedef {import("./calls.mjs").Call} Call */

const REGION_BYTES = 65536;

/**
 * @param {WebAssembly.Exports} exports
 * @param {import("../wasm/instance-memory.mjs").InstanceMemory} memory
 * @returns the C stacks of an instance, or null where its pointer cannot be reached
 */
export function cStackOf(exports, memory) {
  const global = exports[STACK_POINTER];
  const access = isPointer(global)
    ? { get: () => global.value, set: (/** @type {WebAssembly.Pointer} */ value) => (global.value = value) }
    : pointerFunctions(exports);
  return access === null ? null : new CStack(access, memory);
}

export class CStack {
  #memory;
  /** @type {WebAssembly.Pointer[]} */
  #free = [];

  /**
   * @param {import("../wasm/stack-pointer.mjs").PointerAccess} access
   * @param {import("../wasm/instance-memory.mjs").InstanceMemory} memory
   */
  constructor({ get, set }, memory) {
    this.get = get;
    this.set = set;
    this.#memory = memory;
  }

  /**
   * A call begins.
   *
   * @param {Call} call
   * @param {Set<Call>} others calls that have begun and not ended
   * @param {boolean} isNested whether frames of the guest may lie below it, which it may outlive
   */
  begin(call, others, isNested) {
    call.outside = this.get();
    if (others.size === 0 && !isNested) return;
    call.region = this.#free.pop() ?? this.#newRegion(call.outside);
    if (call.region !== null) this.set(call.region);
    else this.#goBelow(others, call.outside);
  }

  /**
   * The call was suspended.
   *
   * @param {Call} call
   */
  leave(call) {
    call.pointer = this.get();
    if (call.region !== null) this.set(/** @type {WebAssembly.Pointer} */ (call.outside));
  }

  /**
   * It goes on.
   *
   * @param {Call} call
   */
  enter(call) {
    if (call.region !== null) call.outside = this.get();
    this.set(/** @type {WebAssembly.Pointer} */ (call.pointer));
    call.pointer = null;
  }

  /**
   * @param {Call} call
   * @param {Set<Call>} others
   */
  end(call, others) {
    const outside = /** @type {WebAssembly.Pointer} */ (call.outside);
    call.pointer = null;
    if (call.region !== null) {
      this.set(outside);
      this.#free.push(call.region);
      call.region = null;
      return;
    }
    if (call.failed) this.set(outside);
    if (others.size > 0) this.#goBelow(others, this.get());
  }

  /**
   * Go below all calls that wait on the guest's own stack. Where there is no room for regions the last has to end first.
   *
   * @param {Set<Call>} others
   * @param {WebAssembly.Pointer} from
   */
  #goBelow(others, from) {
    let lowest = from;
    for (const { pointer, region } of others) if (pointer !== null && region === null && pointer < lowest) lowest = pointer;
    if (lowest !== from) this.set(lowest);
  }

  /** @param {WebAssembly.Pointer} now */
  #newRegion(now) {
    const top = this.#memory.region(REGION_BYTES);
    return top === null ? null : typeof now === "bigint" ? BigInt(top) : top;
  }
}
