// needs: jspi
const { jspi, compiled, show } = require("./guests.cjs");
const { Suspending, promising } = WebAssembly;
async function host() { return arguments.length; }
const s = new Suspending(host);
show("Suspending", [s instanceof Suspending, s.constructor === Suspending, Reflect.ownKeys(s), String(s), typeof Suspending, "Suspending" in WebAssembly, Object.getPrototypeOf(s) === Suspending.prototype]);
class Mine extends Suspending {}
show("subclass", [new Mine(host) instanceof Mine, new Mine(host) instanceof Suspending]);
const i = jspi();
const run = promising(i.exports.run);
show("promising", [run.name, run.length, run.toString(), Reflect.ownKeys(run), "prototype" in run, run === promising(i.exports.run), run instanceof Function]);
const p = run(1);
show("promise", [p instanceof Promise, Object.keys(p), Reflect.ownKeys(p), p.constructor === Promise, p.then === Promise.prototype.then, String(p)]);
show("inspected", require("node:util").inspect(run(2)));
p.then((n) => show("result", n));
for (const bad of [[], [1], [{}], [class A {}]]) {
  try { show("made", typeof new Suspending(...bad)); } catch (e) { show(e.constructor.name, e.message); }
  try { show("made", typeof promising(...bad)); } catch (e) { show(e.constructor.name, e.message); }
}
try { Suspending(host); } catch (e) { show(e.constructor.name, e.message); }
