// node overlap.mjs MODULE SEED CALLS: many calls of overlap.c at once, of all its kinds; prints what went wrong.
import { readFileSync } from "node:fs";

const [, , file, seed = "1", count = "120"] = process.argv;
let state = Number(seed) >>> 0;
const random = (limit) => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return (state >>> 8) % limit;
};
const nap = (ms) => new Promise((resolve) => (ms ? setTimeout(resolve, ms) : setImmediate(resolve)));

let exports, promising;
const inner = [];
const found = { wrong: 0, plain: 0, inner: 0, rejected: 0, errors: {} };
const note = (error) => {
  const text = String(error.message ?? error).slice(0, 90);
  found.errors[text] = (found.errors[text] ?? 0) + 1;
  return 1;
};
const plain = () => (found.plain += exports.plain(random(100)) ? 1 : 0);

const env = {
  pause_for: new WebAssembly.Suspending(async (ms) => {
    await nap(Math.max(ms, 0));
    if (ms < 0) throw new Error("rejected");
    if (random(3) === 0) plain();
    return ms;
  }),
  start_inner: (each) => {
    inner.push(promising.work(each * 3 + 1).catch(note));
    return 0;
  },
  call_back: (each) => exports.plain(each),
  emscripten_resize_heap: (bytes) => {
    exports.memory.grow(Math.ceil((bytes - exports.memory.buffer.byteLength) / 65536));
    return 1;
  },
};
const module = new WebAssembly.Module(readFileSync(file));
const imports = {};
for (const each of WebAssembly.Module.imports(module))
  (imports[each.module] ??= {})[each.name] = env[each.name] ?? (() => 0);
exports = new WebAssembly.Instance(module, imports).exports;
exports.__wasm_call_ctors?.();
const names = ["work", "read_text", "nest", "reject", "trap", "big_frame"];
promising = Object.fromEntries(names.map((name) => [name, WebAssembly.promising(exports[name])]));
// The names of Emscripten 3.1, or those of 6.0 if the glue needs them.
const save = exports.stackSave ?? exports.emscripten_stack_get_current ?? (() => 0);
const allocate = exports.stackAlloc ?? exports._emscripten_stack_alloc;
const restore = exports.stackRestore ?? exports._emscripten_stack_restore;
const begin = save();

/** What Emscripten's `ccall` does with a string and `async: true`. */
async function withText(each) {
  const length = 10 + random(90);
  const stack = save();
  const at = allocate(length + 1);
  const bytes = new Uint8Array(exports.memory.buffer, at, length);
  for (let i = 0; i < length; i++) bytes[i] = 97 + ((each + i) % 26);
  const wrong = await promising.read_text(at, length, each);
  restore(stack);
  return wrong;
}

const kinds = {
  work: (each) => promising.work(each),
  text: withText,
  nest: (each) => promising.nest(each),
  reject: (each) =>
    promising.reject(each).then(
      () => 1,
      (error) => (error.message === "rejected" ? (found.rejected++, 0) : 1),
    ),
};
const chosen = (process.env.KINDS ?? "work,work,text,text,nest,reject").split(",");
const calls = [];
for (let each = 1; each <= Number(count); each++) {
  calls.push(kinds[chosen[random(chosen.length)]](each).catch(note));
  if (random(3) === 0) await nap(random(3));
  if (random(2) === 0) plain();
}
const settled = async (all) => (await Promise.all(all)).filter((wrong) => wrong !== 0).length;
found.wrong = await settled(calls);
found.inner = await settled(inner);
found.moved = begin - save();
console.log(JSON.stringify(found));
