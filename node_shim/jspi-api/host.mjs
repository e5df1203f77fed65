// What steps need of an engine under names of its own: collecting garbage, and a store that follows asynchronous calls.

const turn = () => new Promise((resolve) => setTimeout(resolve, 1));

/** @returns {Promise<import("./harness.mjs").Host>} */
export async function hostOf() {
  const shell = /** @type {any} */ (globalThis);
  if (typeof shell.fullGC === "function") return { collect: () => collected(shell.fullGC) };
  if (globalThis.process?.versions?.v8 === undefined) return {};
  const { AsyncLocalStorage } = await import("node:async_hooks");
  const gc = globalThis.Bun === undefined ? await exposedGc() : () => Reflect.get(/** @type {object} */ (globalThis.Bun), "gc")(true);
  return { collect: () => collected(gc), tracked: () => new AsyncLocalStorage() };
}

/** @param {() => void} gc */
async function collected(gc) {
  for (let i = 0; i < 5; i++) gc(), await turn();
}

/** @returns {Promise<() => void>} */
async function exposedGc() {
  const [{ setFlagsFromString }, { runInNewContext }] = await Promise.all([import("node:v8"), import("node:vm")]);
  setFlagsFromString("--expose-gc");
  return runInNewContext("gc");
}
