// needs: jspi
import { jspi } from "./guests.cjs";
const { exports } = jspi(async (n) => { await 0; if (n === 2) throw new Error("in the host"); return n; });
async function outer(f, n) { return await f(n); }
for (const [name, n] of [["waittrap", 1], ["run", 2]]) {
  try { await outer(WebAssembly.promising(exports[name]), n); } catch (e) { console.log(e.stack); }
}
