// an import that returns no promise suspends all the same
// needs jspi

/** @param {import("../detect/run.mjs").ProbeTools} tools */
export default async function probe({ bytesOf }) {
  let returned = false;
  let late = false;
  const env = {
    wait: new WebAssembly.Suspending(() => 42),
    note: () => {
      late = returned;
    },
  };
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytesOf("wait-then-note")), { env });
  const promise = WebAssembly.promising(exports.run)();
  returned = true;
  const value = await promise;
  if (value !== 42) return { shown: "unsound", why: `it gave ${value} instead of 42` };
  return late ? { shown: "yes" } : { shown: "no", why: "the guest goes on at once" };
}
