// Runs probes by name and tells what each found, a line at a time: should the engine die, the last line says where.

import { MODULES, SCRIPTS } from "./modules.mjs";

export function bytesOf(name) {
  return Uint8Array.from(MODULES[name].match(/../g), (byte) => Number.parseInt(byte, 16));
}

/** A probe that is only a module: its export run gives 42. */
function runModule(name) {
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

function shorten(message) {
  return message.replace(/^WebAssembly\.Module\(\): /, "").replace(/^at offset \d+: /, "");
}

/**
 * Run probes in turn.
 * @param emit takes an object to tell; may return a promise
 */
export async function runProbes(names, emit) {
  for (const name of names) {
    await emit({ begin: name });
    let answer;
    try {
      answer = SCRIPTS.includes(name)
        ? await (await import(`../probes/${name}.mjs`)).default({ bytesOf, seen: (facts) => emit({ seen: name, facts }) })
        : runModule(name);
    } catch (error) {
      answer = { shown: "no", why: `${error}` };
    }
    await emit({ end: name, shown: answer.shown, why: answer.why ?? "", facts: answer.facts ?? {} });
  }
  await emit({ done: true });
}
