// Round trips through a suspension, by each API that engines have had; used as it is and as text in other realms,
// so it refers to nothing outside itself.

/**
 * Make round trips until the code is hot, then many at once.
 *
 * @param {{WebAssembly: any, setTimeout: Function}} scope the realm's
 * @param {"promising" | "first" | "suspender"} api the standard; WebAssembly.Function with suspending and promising: "first";
 *   or the Suspender object
 * @param {Uint8Array} bytes
 * @param {number} rounds
 * @param {number} atOnce
 * @returns {Promise<{shown: "yes" | "no" | "unsound", why?: string}>} an unsound one worked before it was hot
 */
export async function roundTrips({ WebAssembly, setTimeout }, api, bytes, rounds, atOnce) {
  const suspender = api === "suspender" ? new WebAssembly.Suspender() : undefined;
  /** @typedef {(...args: any[]) => any} Fn */
  const suspending = {
    promising: (/** @type {Fn} */ fn) => new WebAssembly.Suspending(fn),
    first: (/** @type {Fn} */ fn) =>
      new WebAssembly.Function({ parameters: ["externref", "i32"], results: ["i32"] }, fn, { suspending: "first" }),
    suspender: (/** @type {Fn} */ fn) =>
      suspender.suspendOnReturnedPromise(new WebAssembly.Function({ parameters: ["i32"], results: ["externref"] }, fn)),
  }[api];
  const promising = {
    promising: (/** @type {Fn} */ fn) => WebAssembly.promising(fn),
    first: (/** @type {Fn} */ fn) => new WebAssembly.Function({ parameters: ["i32"], results: ["externref"] }, fn, { promising: "first" }),
    suspender: (/** @type {Fn} */ fn) => suspender.returnPromiseOnSuspend(fn),
  }[api];
  const module = new WebAssembly.Module(bytes);
  const instance = (/** @type {Fn} */ wait) => promising(new WebAssembly.Instance(module, { env: { wait: suspending(wait), number: (/** @type {number} */ value) => value } }).exports.run);
  const expected = (/** @type {number} */ i) => (i & 1 ? i - 1 : i + 1) + i + 1;
  const FIRST = 1000; // no result may look right that a lost value, 0, would give too

  // Enough work for the engine to compile this function for speed, with the call inlined into it.
  /** @type {(run: Fn, value: number) => any} */
  function hotCall(run, value) {
    let work = value;
    for (let i = 0; i < 300; i++) work = (Math.imul(work, 31) + i) | 0;
    return work === 0.5 ? undefined : run(value);
  }

  let done = 0;
  try {
    const run = instance(async (/** @type {number} */ value) => value);
    for (; done < rounds; done++) {
      const got = await hotCall(run, FIRST + done);
      const wanted = expected(FIRST + done);
      if (got !== wanted) throw new Error(`it gave ${got} instead of ${wanted}`);
    }
  } catch (error) {
    return done === 0
      ? { shown: "no", why: `a suspension failed: ${error}` }
      : { shown: "unsound", why: `round trip ${done + 1}: ${error}` };
  }
  if (api === "suspender") return { shown: "yes" }; // one suspender is one stack
  try {
    const run = instance((/** @type {number} */ value) => new Promise((resolve) => setTimeout(() => resolve(value), 0)));
    const values = await Promise.all(Array.from({ length: atOnce }, (_, i) => run(i)));
    const wrong = values.findIndex((value, i) => value !== expected(i));
    if (wrong >= 0) throw new Error(`call ${wrong} gave ${values[wrong]} instead of ${expected(wrong)}`);
  } catch (error) {
    return { shown: "unsound", why: `${atOnce} calls suspended at once: ${error}` };
  }
  return { shown: "yes" };
}

export const ROUNDS = 10_000;
export const AT_ONCE = 100;
