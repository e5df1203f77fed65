// Error.stack in a suspending import has every wasm frame, with function index and offset
// needs jspi

const DEPTH = 50;

/** @param {import("../detect/run.mjs").ProbeTools} tools */
export default async function probe({ bytesOf }) {
  const before = Error.stackTraceLimit;
  let stack = "";
  const wait = new WebAssembly.Suspending(async () => {
    Error.stackTraceLimit = Number.POSITIVE_INFINITY;
    stack = new Error("where").stack ?? "";
    Error.stackTraceLimit = before;
    return 0;
  });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytesOf("depth")), { env: { wait } });
  const value = await WebAssembly.promising(exports.run)(DEPTH);
  const lines = stack.split("\n");
  const exact = lines.filter((line) => /wasm-function\[\d+\]:0x[0-9a-f]+/.test(line)).length;
  const frames = lines.filter((line) => /wasm/i.test(line)).length;
  const facts = { exact, frames, of: DEPTH + 1, sample: lines.find((line) => /wasm/i.test(line)) ?? "" };
  if (value !== DEPTH) return { shown: "unsound", why: `the guest gave ${value} instead of ${DEPTH}`, facts };
  if (exact === DEPTH + 1) return { shown: "yes", facts };
  if (frames === 0) return { shown: "no", why: "no wasm frames", facts };
  return { shown: "no", why: `${frames} of ${DEPTH + 1} frames, ${exact} with index and offset`, facts };
}
