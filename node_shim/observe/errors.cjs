// Traps, refused suspensions and an engine that has no JSPI, where they can be seen without touching their way: rejections of promising calls
// that the program itself handles (promises.cjs), and what nobody handles (exit-hooks.cjs). An error is recorded once.

"use strict";

const { RuntimeError, SuspendError, Exception } = WebAssembly;
const MOST_TRAPS = 1_000;
const MOST_TEXT = 10_000;
const MOST_CAUSES = 5;
const NO_JSPI = /^WebAssembly\.(Suspending|promising) is not a/;
const WASM_FRAME = /wasm:\/\/|wasm-function\[\d/;

class ErrorRecorder {
  #part;
  #stacks;
  #recorded = new WeakSet();
  #count = 0;

  /**
   * @param {import("./stacks.cjs").StackRecorder} stacks
   * @param {import("./part.cjs").TracePart} part
   */
  constructor(stacks, part) {
    this.#stacks = stacks;
    this.#part = part;
  }

  begin() {
    this.#count = 0;
  }

  /**
   * Record an error if it, or what caused it, is wasm's doing.
   *
   * @param {any} error
   * @param {string} where
   */
  note(error, where) {
    this.#part.guard(() => {
      for (let each = error, depth = 0; each && typeof each === "object" && depth < MOST_CAUSES; each = each.cause, depth++) {
        if (this.#recorded.has(each)) return;
        if (!isOfWasm(each)) continue;
        this.#recorded.add(each);
        if (this.#count++ >= MOST_TRAPS) return;
        const text = typeof each.stack === "string" ? each.stack : "";
        this.#part.write({
          kind: "trap",
          error: each.constructor?.name ?? "Error",
          message: String(each.message ?? each).slice(0, MOST_TEXT),
          where,
          ...this.#stacks.framesOfError(text),
        });
        return;
      }
    });
  }
}

/** @param {any} error */
function isOfWasm(error) {
  if (error instanceof RuntimeError || (SuspendError !== undefined && error instanceof SuspendError)) return true;
  if (Exception !== undefined && error instanceof Exception) return true;
  if (error instanceof TypeError) return NO_JSPI.test(error.message);
  // A full stack is a RangeError, wherever it fills.
  return error instanceof RangeError && typeof error.stack === "string" && WASM_FRAME.test(error.stack);
}

exports.ErrorRecorder = ErrorRecorder;
