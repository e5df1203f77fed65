// node drive.mjs FOLDER own|none SEED CALLS: calls of two runtimes overlap in one module; prints what went wrong.
import { readFileSync } from "node:fs";
import { join } from "node:path";

const [, , folder, which, seed = "1", count = "100"] = process.argv;
let state = Number(seed) >>> 0;
const random = (limit) => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return (state >>> 8) % limit;
};
const nap = (ms) => new Promise((done) => (ms ? setTimeout(done, ms) : setImmediate(done)));
const instance = (name, imports) =>
  new WebAssembly.Instance(new WebAssembly.Module(readFileSync(join(folder, `${name}.wasm`))), imports).exports;

const waiting = new WebAssembly.Suspending(async (value) => {
  await nap(random(4));
  if (value < 0) throw new Error("rejected");
  return value;
});
const around = instance("imports", { js: { pause: waiting } });
const guest = instance("guest", { env: { wait: waiting }, other: around });
const hooks = which === "own" ? guest : instance("none", {});
around.hooks.set(0, hooks.__jspi_suspend);
around.hooks.set(1, hooks.__jspi_resume);
const exports = instance("exports", { guest, hooks });
const kinds = [WebAssembly.promising(guest.work), WebAssembly.promising(exports.task)];

const found = { wrong: 0, rejected: 0, errors: {} };
const calls = [];
for (let each = 1; each <= Number(count); each++) {
  const call = kinds[random(2)](each).then(
    (wrong) => (found.wrong += wrong ? 1 : 0),
    (error) => {
      if (error.message === "rejected") found.rejected++;
      else found.errors[error.message] = (found.errors[error.message] ?? 0) + 1;
    },
  );
  calls.push(call);
  if (random(3) === 0) await nap(random(3));
}
await Promise.all(calls);
console.log(JSON.stringify({ ...found, pointer: guest.__stack_pointer.value }));
