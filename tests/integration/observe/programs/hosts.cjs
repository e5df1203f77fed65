// needs: jspi
const { jspi, show } = require("./guests.cjs");
const seen = [];
const hosts = {
  async asynchronous(n) { "use strict"; seen.push([this, arguments.length, new Error("in").stack.split("\n").slice(1, 4)]); return n + 1; },
  plain(n) { "use strict"; seen.push([this, arguments.length]); return n + 1; },
  sloppy: async function () { seen.push(this === globalThis); return 1; },
  thenable: (n) => ({ then: (done) => done(n + 2) }),
  promise: (n) => Promise.resolve(n + 3),
  arrow: async (n) => n + 4,
  async *generator() {},
  bound: (async (a, b) => a + b).bind(null, 5),
  proxy: new Proxy(async (n) => n + 6, { apply: (f, self, args) => (seen.push("trap"), Reflect.apply(f, self, args)) }),
  async throws() { throw new RangeError("own"); },
  throwsNow() { throw new RangeError("now"); },
  rejects: () => Promise.reject(7),
};
(async () => {
  for (const [name, host] of Object.entries(hosts)) {
    const run = WebAssembly.promising(jspi(host).exports.run);
    await run(1).then((n) => show(name, n), (e) => show(name, [e?.constructor.name, e?.message ?? e]));
  }
  show("seen", seen);
})();
