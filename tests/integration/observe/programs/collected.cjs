// flags: --expose-gc
const { asyncify, runAsyncify, compiled, show } = require("./guests.cjs");
const gone = [];
const registry = new FinalizationRegistry((name) => gone.push(name));
(async () => {
  await (async () => {
    const instance = asyncify();
    await runAsyncify(instance.exports, 1);
    const module = compiled("asyncify");
    registry.register(instance, "instance");
    registry.register(instance.exports, "exports");
    registry.register(instance.exports.memory, "memory");
    registry.register(instance.exports.asyncify_start_unwind, "function");
    registry.register(module, "module");
    if (WebAssembly.Suspending) {
      const { jspi } = require("./guests.cjs");
      const other = jspi(async (n) => n);
      registry.register(other, "jspi");
      const promise = WebAssembly.promising(other.exports.run)(1);
      registry.register(promise, "promise");
      await promise;
    }
  })();
  for (let n = 0; n < 20; n++) {
    gc();
    await new Promise((done) => setTimeout(done, 2));
  }
  show("gone", gone.sort());
})();
