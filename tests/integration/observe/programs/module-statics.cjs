const { compiled, show } = require("./guests.cjs");
const m = compiled("asyncify");
show("imports", [WebAssembly.Module.imports(m), WebAssembly.Module.exports(m), WebAssembly.Module.customSections(m, "name").length]);
show("identity", [m.constructor === WebAssembly.Module, m instanceof WebAssembly.Module, Object.getPrototypeOf(m) === WebAssembly.Module.prototype, Reflect.ownKeys(m), String(m)]);
show("inspected", require("node:util").inspect(m));
