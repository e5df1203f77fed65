const { compiled, show } = require("./guests.cjs");
const plain = function plain() { return [arguments.length, this === globalThis].length; };
const i = new WebAssembly.Instance(compiled("jspi"), { env: { wait: () => 1, plain } });
const j = new WebAssembly.Instance(compiled("jspi"), { env: { wait: i.exports.run, plain: i.exports.reexported } });
show("re-exported", [j.exports.reexported === i.exports.reexported, i.exports.reexported === plain, i.exports.reexported.name, i.exports.reexported(1), j.exports.run(1)]);
