// node traps.mjs MODULE COUNT: calls of kinds.wat that trap, COUNT of them, while others wait; prints what memory they took.
import { readFileSync } from "node:fs";

const [, , file, count] = process.argv;
const waits = [];
const env = {
  wait: new WebAssembly.Suspending((value) => (value < 0 ? value : new Promise((resolve) => waits.push(() => resolve(value))))),
  begin: (value) => void nested.push(trap(value).then(() => "returned", (error) => error.message)),
};
const nested = [];
const { exports } = new WebAssembly.Instance(new WebAssembly.Module(readFileSync(file)), { env });
const work = WebAssembly.promising(exports.work);
const trap = WebAssembly.promising(exports.trap);
const reclaim = exports["stackswitch.reclaim"];
const failed = (call) => call.then(() => "returned", (error) => (reclaim(), error.message));

const first = exports.__stack_pointer.value;
const waiting = [work(1), work(2)];
const messages = new Set([await failed(trap(-1))]);
const before = exports.memory.buffer.byteLength;
for (let each = 0; each < Number(count); each++) messages.add(await failed(trap(-1)));
const grown = exports.memory.buffer.byteLength - before;

// Two traps at once, one of them in a call within a call: what runs goes on.
const inner = WebAssembly.promising(exports.nested)(5);
for (const done of waits.splice(0)) done();
await new Promise((resolve) => setTimeout(resolve, 0));
for (const done of waits.splice(0)) done();
const results = await Promise.all([...waiting, inner]);
await Promise.all(nested);
reclaim();
const more = [work(3), work(4)];
for (let round = 0; round < 3; round++) {
  await new Promise((resolve) => setTimeout(resolve, 0));
  for (const done of waits.splice(0)) done();
}
console.log(
  JSON.stringify({ grown, messages: [...messages], results, more: await Promise.all(more), moved: exports.__stack_pointer.value - first }),
);
