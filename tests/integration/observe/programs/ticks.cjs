const { bytes, compiled, asyncify, runAsyncify, show } = require("./guests.cjs");
// Each asynchronous function of WebAssembly against a chain of microtasks that counts.
async function counted(name, promise) {
  let ticks = 0, done = false;
  const ended = promise.then(() => (done = true));
  await null;
  if (done) show(name, "at once");
  await ended;
  show(name, "settled");
}
const say = (text) => () => show("tick", text);
const imports = { env: { wait: () => 1, plain: () => 1 } };
(async () => {
  const calls = [];
  for (const [name, promise] of [["a module", WebAssembly.instantiate(compiled("jspi"), imports)], ["bad", WebAssembly.compile(1).catch(() => {})], ["link error", WebAssembly.instantiate(compiled("jspi"), {}).catch(() => {})]]) {
    calls.push(counted(name, promise));
    let chain = Promise.resolve();
    for (let n = 0; n < 5; n++) chain = chain.then(say(`${name} ${n}`));
    calls.push(chain);
    process.nextTick(say(`${name} nextTick`));
    setImmediate(say(`${name} immediate`));
  }
  await Promise.all(calls);
  await new Promise((done) => setImmediate(() => setImmediate(done))); // not a timer: it may come before an immediate
  show("run", await runAsyncify(asyncify().exports, 1));
})();
