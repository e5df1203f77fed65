// What can go wrong in a switch, in words. The rules are those of `stackswitch/backends/wasmtime/asyncify/state_machine.py`.

const RULES = {
  "import-while-unwinding": "an import was called while the stack was unwinding",
  "import-while-rewinding": "an import that does not wait was called while the stack was rewinding",
  "other-import": "the rewind came to another import than the one that waits",
  "nothing-saved": "the stack unwound, and no function had saved itself",
  "stack-left": "the import was reached before all saved functions were restored",
  "not-reached": "the export returned while the stack was rewinding: the import was never reached",
  "trap-while-switching": "the guest trapped while the stack was being switched",
  "entered-while-switching": "an export was called while the stack was being switched",
  overflow: "the saved stack does not fit its buffer",
  "no-room": "there is no room for a saved stack",
};

/** The guest did not follow Asyncify's protocol: in most cases a function on its stack is not instrumented. */
export class AsyncifyError extends WebAssembly.RuntimeError {
  /**
   * @param {keyof typeof RULES} rule
   * @param {string} [detail]
   * @param {{cause?: unknown}} [options]
   */
  constructor(rule, detail = "", options = undefined) {
    super(`asyncify ${rule}: ${RULES[rule]}${detail && ` (${detail})`}`, options);
    this.rule = rule;
  }

  get name() {
    return "AsyncifyError";
  }
}
