// needs: jspi
const { jspi, show, later } = require("./guests.cjs");
const run = WebAssembly.promising(jspi().exports.run);
class Mine extends Promise {}
(async () => {
  show("structured", [Promise.prototype.isPrototypeOf(run(1)), require("node:util").types.isPromise(run(1)), Promise.resolve(run(1)) instanceof Promise]);
  const p = run(1);
  show("resolve", [Promise.resolve(p) === p, Mine.resolve(p) === p]);
  p.then = (f) => (show("own then", typeof f), f(5));
  show("awaited", await p);
  show("all", await Promise.all([run(1), run(2), later(3)]));
  show("any", await Promise.any([run(3)]));
})();
