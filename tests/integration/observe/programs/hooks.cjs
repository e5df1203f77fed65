// needs: jspi
const { jspi, show, later } = require("./guests.cjs");
const { AsyncLocalStorage, createHook, executionAsyncId, triggerAsyncId } = require("node:async_hooks");
const storage = new AsyncLocalStorage();
const types = {};
const hook = createHook({ init: (id, type) => (types[type] = (types[type] ?? 0) + 1) }).enable();
const run = WebAssembly.promising(jspi(async (n) => (show("in", storage.getStore()), await later(n))).exports.run);
Promise.all([1, 2].map((n) => storage.run(n, async () => show("out", [await run(n), storage.getStore()])))).then(() => { hook.disable(); show("types", Object.keys(types)); });
