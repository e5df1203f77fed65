// needs: jspi
const { jspi, show } = require("./guests.cjs");
// Below a promising call: an error made in a plain import, and a trap.
const i = jspi(undefined, () => { show("stack", new Error("here").stack); return 1; });
(async () => {
  await WebAssembly.promising(i.exports.plainly)(1);
  await WebAssembly.promising(i.exports.trap)().catch((e) => show("trap", e.stack));
})();
