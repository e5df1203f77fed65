// Runs probes by name and reports what each found, a message at a time: should the engine die, the last one says where.

import { fromHex } from "../wasm/hex.mjs";
import { MODULES, SCRIPTS } from "./modules.mjs";

/** @typedef {{shown: "yes" | "no" | "unsound", why?: string, facts?: object}} Answer */

/**
 * @typedef {object} ProbeTools what a probe that is a script gets
 * @property {(name: string) => Uint8Array} bytesOf bytes of a module among the probes
 * @property {(facts: object) => unknown} seen reports facts before the end, should the engine die
 */

/** @param {string} name of a module among the probes */
export const bytesOf = (name) => fromHex(/** @type {Record<string, string>} */ (MODULES)[name]);

/**
 * Run a probe that is only a module: its export run gives 42.
 *
 * @param {string} name
 * @returns {Answer}
 */
export function runModule(name) {
  const bytes = bytesOf(name);
  try {
    // Some validate what they then do not run; the error of the constructor says more than validate does.
    const got = new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports.run();
    return got === 42 ? { shown: "yes" } : { shown: "unsound", why: `it gave ${got} instead of 42` };
  } catch (error) {
    const refused = error instanceof WebAssembly.CompileError;
    return { shown: refused ? "no" : "unsound", why: refused ? shorten(error.message) : `${error}` };
  }
}

/** @param {string} message */
function shorten(message) {
  return message.replace(/^WebAssembly\.Module\(\): /, "").replace(/^at offset \d+: /, "");
}

/**
 * Run probes one after another.
 *
 * @param {string[]} names
 * @param {(message: object) => unknown} emit takes what is found; may return a promise
 */
export async function runProbes(names, emit) {
  for (const name of names) {
    await emit({ begin: name });
    /** @type {Answer} */
    let answer;
    try {
      answer = SCRIPTS.includes(name)
        ? await (await import(`../probes/${name}.mjs`)).default({ bytesOf, seen: (/** @type {object} */ facts) => emit({ seen: name, facts }) })
        : runModule(name);
    } catch (error) {
      answer = { shown: "no", why: `${error}` };
    }
    await emit({ end: name, shown: answer.shown, why: answer.why ?? "", facts: answer.facts ?? {} });
  }
  await emit({ done: true });
}
