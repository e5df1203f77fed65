const { compiled, bytes, show } = require("./guests.cjs");
const log = [];
const spy = (name, target) => new Proxy(target, Object.fromEntries(Object.getOwnPropertyNames(Reflect).map((trap) => [trap, (t, ...rest) => (log.push([name, trap, String(rest[0])]), Reflect[trap](t, ...rest))])));
const space = { get wait() { log.push("getter"); return this.held; }, held: () => 1, plain: (n) => n };
const imports = () => spy("imports", { env: spy("env", space) });
new WebAssembly.Instance(compiled("jspi"), imports());
log.push("async");
WebAssembly.instantiate(bytes("jspi"), imports()).then(() => WebAssembly.instantiate(compiled("jspi"), imports())).then(() => {
  if (WebAssembly.Suspending) {
    space.held = new WebAssembly.Suspending(async () => 1);
    new WebAssembly.Instance(compiled("jspi"), imports());
    return WebAssembly.instantiate(bytes("jspi"), imports());
  }
}).then(() => show("log", log));
