// needs: jspi
const { jspi, show } = require("./guests.cjs");
const say = (text) => () => show("tick", text);
const run = (wait) => WebAssembly.promising(jspi(wait).exports.run);
(async () => {
  for (const [name, wait] of Object.entries({ async: async (n) => n, settled: (n) => Promise.resolve(n), plain: (n) => n, thenable: (n) => ({ then: (f) => f(n) }), rejected: async () => { throw 1; } })) {
    const call = run(wait)(1);
    call.then(say(`${name} then`), say(`${name} rejected`));
    (async () => { try { await call; } catch {} show("awaited", name); })();
    Promise.resolve(call).finally(say(`${name} finally`)).catch(() => {});
    Promise.race([call]).then(say(`${name} race`), say(`${name} race rejected`));
    let chain = Promise.resolve();
    for (let n = 0; n < 8; n++) chain = chain.then(say(`${name} ${n}`));
    process.nextTick(say(`${name} nextTick`));
    setImmediate(say(`${name} immediate`));
    await new Promise((done) => setImmediate(() => setImmediate(done))); // not a timer: it may come before an immediate
  }
})();
