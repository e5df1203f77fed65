// What the programs share: the guests that test_unchanged.py has built, and glue for the Asyncify build.
const { readFileSync } = require("node:fs");
const { join } = require("node:path");

const bytes = (name) => readFileSync(join(process.env.GUESTS, `${name}.wasm`));
const compiled = (name) => new WebAssembly.Module(bytes(name));
const later = (n) => new Promise((done) => setTimeout(done, 1, n + 10));
/** An instance of the guest for JSPI; `wait` suspends. */
const jspi = (wait = later, plain = (n) => n) =>
  new WebAssembly.Instance(compiled("jspi"), { env: { wait: new WebAssembly.Suspending(wait), plain } });

const DATA = 16;
/** Imports for the Asyncify build of which `guest()` gives the exports. */
const asyncifyImports = (guest) => ({
  env: {
    wait(n) {
      const exports = guest();
      if (exports.asyncify_get_state() === 2) return exports.asyncify_stop_rewind(), n + 10;
      new Int32Array(exports.memory.buffer, DATA, 2).set([DATA + 8, 4096]);
      exports.asyncify_start_unwind(DATA);
      return 0;
    },
  },
});
/** Call the Asyncify build's `run`, through a wait. */
async function runAsyncify(exports, n) {
  exports.run(n);
  exports.asyncify_stop_unwind();
  await later(0);
  exports.asyncify_start_rewind(DATA);
  return exports.run(n);
}
function asyncify() {
  const instance = new WebAssembly.Instance(compiled("asyncify"), asyncifyImports(() => instance.exports));
  return instance;
}
const show = (name, value) => console.log(name, value);
module.exports = { bytes, compiled, later, jspi, asyncify, asyncifyImports, runAsyncify, show };
