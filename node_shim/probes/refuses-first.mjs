// a call that cannot suspend throws before the import has side effects
// needs jspi

/** @type {(bytesOf: (name: string) => Uint8Array, effects: string[]) => WebAssembly.Exports} */
function instance(bytesOf, effects) {
  const wait = new WebAssembly.Suspending(async () => {
    effects.push("called");
    return 42;
  });
  const env = { wait, back: () => exports.inner() };
  /** @type {{exports: WebAssembly.Exports}} */
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytesOf("through-host")), { env });
  return exports;
}

/** @param {(name: string) => Uint8Array} bytesOf */
async function ways(bytesOf) {
  /** @type {Record<string, {error: string, message: string, effects: number}>} */
  const seen = {};
  /** @type {Record<string, (exports: WebAssembly.Exports) => any>} */
  const calls = {
    "not promising": (exports) => exports.inner(),
    "JavaScript frame between": (exports) => WebAssembly.promising(exports.outer)(),
  };
  for (const [name, call] of Object.entries(calls)) {
    /** @type {string[]} */
    const effects = [];
    const exports = instance(bytesOf, effects);
    let error;
    try {
      const value = await call(exports);
      error = { name: "", message: `nothing was thrown, it gave ${value}` };
    } catch (caught) {
      error = caught;
    }
    seen[name] = { error: error?.name ?? typeof error, message: `${error?.message ?? error}`, effects: effects.length };
  }
  return seen;
}

/** @param {import("../detect/run.mjs").ProbeTools} tools */
export default async function probe({ bytesOf }) {
  const facts = await ways(bytesOf);
  const seen = Object.entries(facts);
  const silent = seen.find(([, way]) => way.error === "");
  if (silent) return { shown: "unsound", why: `${silent[0]}: ${silent[1].message}`, facts };
  const late = seen.filter(([, way]) => way.effects).map(([name]) => name);
  if (late.length) return { shown: "no", why: `the import runs first (${late.join("; ")})`, facts };
  return { shown: "yes", facts };
}
