const { compiled, asyncifyImports, show } = require("./guests.cjs");
const i = new WebAssembly.Instance(compiled("integers"), asyncifyImports(() => i.exports));
show("keys", [Object.keys(i.exports), Object.hasOwn(i.exports, "__proto__"), typeof i.exports.__proto__]);
