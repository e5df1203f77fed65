const { bytes, compiled, show } = require("./guests.cjs");
const { promising, Suspending } = WebAssembly;
const say = (name) => (e) => show(name, [e.constructor.name, e.message, e.stack.replace(/^ +at .*node:.*\n?/gm, ""), Reflect.ownKeys(e)]);
const tried = (name, f) => { try { f(); show(name, "no error"); } catch (e) { say(name)(e); } };
(async () => {
  for (const bad of [[], [1], [null], [{}], [new Uint8Array(3)], [new ArrayBuffer(0)], [new DataView(new ArrayBuffer(8))], [Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0, 99)]]) {
    tried("Module", () => new WebAssembly.Module(...bad));
    tried("called", () => WebAssembly.Module(...bad));
    tried("Instance", () => new WebAssembly.Instance(...bad));
    await WebAssembly.compile(...bad).catch((e) => show("compile", [e.constructor.name, e.message]));
    await WebAssembly.instantiate(...bad).catch((e) => show("instantiate", [e.constructor.name, e.message]));
    await WebAssembly.compileStreaming?.(...bad).catch((e) => show("streaming", [e.constructor.name, e.message, e.code]));
  }
  for (const imports of [undefined, null, 1, {}, { env: 1 }, { env: {} }, { env: { wait: 1 } }, { env: { wait() {}, plain: 3 } }]) {
    tried("link", () => new WebAssembly.Instance(compiled("jspi"), imports));
    await WebAssembly.instantiate(bytes("jspi"), imports).then(() => show("ok", imports), (e) => show("link, async", [e.constructor.name, e.message]));
    await WebAssembly.instantiate(compiled("jspi"), imports).then(() => show("ok", imports), (e) => show("link, of a module", [e.constructor.name, e.message]));
  }
})();
