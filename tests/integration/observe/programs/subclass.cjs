const { compiled, bytes, asyncifyImports, runAsyncify, show } = require("./guests.cjs");
const shown = new WeakMap();
class Instance extends WebAssembly.Instance {
  constructor(module, imports) {
    super(module, imports);
    show("new.target", [new.target === Instance, new.target.name]);
    shown.set(this.constructor.native(this), { ...this.constructor.native(this), more: 1 });
  }
  static native = (self) => Reflect.get(WebAssembly.Instance.prototype, "exports", self);
  get exports() { return shown.get(super.exports) ?? super.exports; }
}
class Module extends WebAssembly.Module { get mine() { return 1; } }
const m = new Module(bytes("asyncify"));
const i = new Instance(m, asyncifyImports(() => i.exports));
show("classes", [i instanceof Instance, i instanceof WebAssembly.Instance, Object.keys(i), i.exports.more, Object.getPrototypeOf(i) === Instance.prototype, m.mine, m instanceof Module]);
const r = Reflect.construct(WebAssembly.Module, [bytes("asyncify")], Array);
show("Reflect.construct", [Array.isArray(r), r instanceof Array, WebAssembly.Module.exports(r).length]);
runAsyncify(i.exports, 1).then((n) => show("run", n));
