// The C stack in the guest's memory. The pass leaves its pointer alone, and calls that overlap in time need a stack each:
// C code moves the pointer up and down freely and would write over the frames of those that wait.
//
// The first call is on the guest's own stack, and while it waits the pointer stays below its frames, so that what calls
// an export directly, meanwhile, leaves them alone. Every other call gets a region.

const global = ({ __stack_pointer: pointer }) => {
  if (!(pointer instanceof WebAssembly.Global)) return null;
  try {
    pointer.value = pointer.value; // one that is not mutable throws
  } catch {
    return null;
  }
  return { get: () => pointer.value, set: (value) => (pointer.value = value) };
};

/** Emscripten's, by the names it has given them over the years. */
const functions = (exports) => {
  const get = exports.emscripten_stack_get_current ?? exports.stackSave;
  const set = exports._emscripten_stack_restore ?? exports.stackRestore;
  return typeof get === "function" && typeof set === "function" ? { get: () => get(), set: (value) => set(value) } : null;
};

/** The C stacks of an instance, or null where its pointer cannot be reached. */
export function shadowStack(exports, room) {
  const access = global(exports) ?? functions(exports);
  return access === null ? null : new ShadowStack(access, room);
}

class ShadowStack {
  #room;
  #free = [];

  constructor({ get, set }, room) {
    this.get = get;
    this.set = set;
    this.#room = room;
  }

  /**
   * A call begins.
   *
   * @param others calls that have begun and not ended
   * @param isNested whether frames of the guest's may lie below it, which it may outlive
   */
  begin(call, others, isNested) {
    call.outside = this.get();
    if (others.size === 0 && !isNested) return;
    call.region = this.#free.pop() ?? this.#new(call.outside);
    if (call.region !== null) this.set(call.region);
    else this.#goBelow(others, call.outside);
  }

  /** The call is set aside. */
  leave(call) {
    call.pointer = this.get();
    if (call.region !== null) this.set(call.outside);
  }

  /** It goes on. */
  enter(call) {
    if (call.region !== null) call.outside = this.get();
    this.set(call.pointer);
    call.pointer = null;
  }

  end(call, others) {
    call.pointer = null;
    if (call.region !== null) {
      this.set(call.outside);
      this.#free.push(call.region);
      call.region = null;
      return;
    }
    if (call.failed) this.set(call.outside);
    if (others.size > 0) this.#goBelow(others, this.get());
  }

  /** Below all calls that wait on the guest's own stack. Where there is no room for regions the last has to end first. */
  #goBelow(others, from) {
    let lowest = from;
    for (const { pointer, region } of others) if (pointer !== null && region === null && pointer < lowest) lowest = pointer;
    if (lowest !== from) this.set(lowest);
  }

  #new(now) {
    const top = this.#room.region();
    return top === null ? null : typeof now === "bigint" ? BigInt(top) : top;
  }
}
