// how many calls can be suspended at once
// needs jspi
// deep

const STEPS = [1000, 5000, 10_000, 20_000, 30_000, 40_000, 50_000];
const STEP_MS = 20_000;

/** @param {import("../detect/run.mjs").ProbeTools} tools */
export default async function probe({ bytesOf, seen }) {
  const module = new WebAssembly.Module(bytesOf("depth"));
  let held = 0;
  for (const wanted of STEPS) {
    let open = (/** @type {number} */ _) => {};
    const gate = new Promise((resolve) => {
      open = resolve;
    });
    const env = { wait: new WebAssembly.Suspending(() => gate) };
    const run = WebAssembly.promising(new WebAssembly.Instance(module, { env }).exports.run);
    const calls = [];
    const late = Date.now() + STEP_MS;
    let failed;
    try {
      for (let i = 0; i < wanted; i++) {
        calls.push(run(1));
        if (Date.now() > late) throw new Error(`not done after ${STEP_MS / 1000} s`);
      }
    } catch (error) {
      failed = error;
    }
    open(41);
    try {
      const values = await Promise.all(calls);
      if (values.some((value) => value !== 42)) return { shown: "unsound", why: `wrong values at ${wanted}` };
    } catch (error) {
      failed ??= error;
    }
    if (failed) return { shown: "yes", why: `${held}; ${wanted}: ${failed.message}`, facts: { held, failed_at: wanted } };
    held = wanted;
    await seen({ held });
  }
  return { shown: "yes", why: `${held} and more`, facts: { held } };
}
