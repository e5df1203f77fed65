// WebAssembly.SuspendError is there, and is what is thrown
// needs jspi

/** @param {import("../detect/run.mjs").ProbeTools} tools */
export default async function probe({ bytesOf }) {
  const env = { wait: new WebAssembly.Suspending(async () => 42), back: () => 0 };
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytesOf("through-host")), { env });
  try {
    exports.inner();
  } catch (error) {
    const known = typeof WebAssembly.SuspendError === "function" && error instanceof WebAssembly.SuspendError;
    const facts = { error: error.name, message: error.message };
    return known ? { shown: "yes", facts } : { shown: "no", why: `it throws ${error.name}`, facts };
  }
  return { shown: "unsound", why: "nothing is thrown" };
}
