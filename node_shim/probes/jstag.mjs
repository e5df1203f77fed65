// WebAssembly.JSTag: the guest catches what JavaScript throws, by tag
// try v8: --experimental-wasm-exnref
// try chromium: --experimental-wasm-exnref

/** @param {import("../detect/run.mjs").ProbeTools} tools */
export default async function probe({ bytesOf }) {
  if (WebAssembly.JSTag === undefined) return { shown: "no", why: "no WebAssembly.JSTag" };
  const thrown = { by: "host" };
  const imports = {
    js: { tag: WebAssembly.JSTag },
    env: {
      fail: () => {
        throw thrown;
      },
    },
  };
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytesOf("jstag")), imports);
  return exports.run() === thrown ? { shown: "yes" } : { shown: "unsound", why: "it caught something else" };
}
