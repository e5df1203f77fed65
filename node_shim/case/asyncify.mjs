// Switching stacks by Asyncify, through the polyfill: for builds that were asyncified.

import { Line } from "../jspi/call-stacks.mjs";
import { createSwitching } from "../polyfill/core.mjs";

/**
 * @param plan of a case; its `asyncify` holds `buffer_bytes` (room for one saved stack, or null) and `guard`: by instance,
 *   the functions that its build has instrumented and the imports it was told of (null: all that is needed)
 */
export function asyncifySwitching({ asyncify: { buffer_bytes: stackBytes, guard } }) {
  const switching = createSwitching({ stackBytes: stackBytes ?? undefined });
  const instrumented = new Map(Object.entries(guard?.instrumented ?? {}).map(([name, indexes]) => [name, new Set(indexes)]));
  const inTurn = new WeakMap(); // exported functions whose calls have to take turns, and their line
  const notes = new Set();
  return {
    setsAsideAlways: false,
    notes,
    suspending: (host) => new switching.Suspending(host),
    promising(exported, { isNested = false } = {}) {
      const enter = switching.promising(exported);
      const { line, why } = inTurn.get(exported) ?? {};
      if (line === undefined) return enter;
      return (...args) => line.begin(() => enter(...args), isNested, () => notes.add(`calls ran one after another: ${why}`));
    },
    compile: (bytes) => switching.remember(new WebAssembly.Module(bytes), switching.read(bytes)),
    instantiate(module, imports, why) {
      const instance = switching.instantiate(module, imports);
      const line = new Line();
      if (why !== null) for (const each of Object.values(instance.exports)) if (typeof each === "function") inTurn.set(each, { line, why });
      return instance;
    },
    /** Whether the frames of a wait can all be set aside: to be asked before they are, for else the guest is lost. */
    canSetAside(instance, importName, frames) {
      const functions = instrumented.get(instance);
      if (functions === undefined) return true;
      if (!guard.imports.includes(importName)) return false;
      return frames.every(([url, index]) => url !== frames[0][0] || functions.has(index));
    },
  };
}
