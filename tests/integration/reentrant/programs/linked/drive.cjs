// node drive.cjs GLUE SEED CALLS: many calls into the modules of linked/ at once; prints what went wrong.
const { dirname, resolve } = require("node:path");

const [, , glue, seed = "1", count = "60"] = process.argv;
let state = Number(seed) >>> 0;
const random = (limit) => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return (state >>> 8) % limit;
};
const nap = (ms) => new Promise((done) => (ms ? setTimeout(done, ms) : setImmediate(done)));
const inner = [];
const found = { wrong: 0, plain: 0, inner: 0, rejected: 0, errors: {} };
const note = (error) => {
  const text = String(error?.message ?? error).slice(0, 90);
  found.errors[text] = (found.errors[text] ?? 0) + 1;
  return 1;
};
const plain = () => (found.plain += Module._plain(random(100)) ? 1 : 0);
let Module, promising;

globalThis.host = {
  async pause(ms) {
    await nap(Math.max(ms, 0));
    if (ms < 0) throw new Error("rejected");
    if (random(3) === 0) plain();
    return ms;
  },
  startInner(each) {
    inner.push(promising[each % 2 ? "work" : "side_work"](each * 3 + 1).catch(note));
    return 0;
  },
  callBack: (each) => Module._plain(each),
};

const libraries = { side_work: "side.wasm", side_nest: "side.wasm", side_reject: "side.wasm" };
const names = ["work", "nest", "by_pointer", "load", ...Object.keys(libraries)];

async function run() {
  promising = Object.fromEntries(names.map((name) => [name, Module.promising(libraries[name], name)]));
  Module.export("side.wasm", "side_begin")();
  let loading = Promise.resolve();
  const kinds = {
    // A second dlopen of the same file must wait for the first one: what it gives has no functions before.
    load: (each) => (loading = loading.then(() => promising.load(each))),
    reject: (each) =>
      promising.side_reject(each).then(
        () => 1,
        (error) => (error.message === "rejected" ? (found.rejected++, 0) : note(error)),
      ),
  };
  const listed = process.env.KINDS ?? "work,by_pointer,side_work,side_work,side_nest,nest,reject,load";
  const chosen = listed.split(",");
  const calls = [];
  for (let each = 1; each <= Number(count); each++) {
    const kind = chosen[random(chosen.length)];
    calls.push((kinds[kind] ?? promising[kind])(each).catch(note));
    if (random(3) === 0) await nap(random(3));
    if (random(2) === 0) plain();
  }
  const settled = async (all) => (await Promise.all(all)).filter((wrong) => wrong !== 0).length;
  found.wrong = await settled(calls);
  found.inner = await settled(inner);
  console.log(JSON.stringify(found));
  process.exit(0);
}

delete globalThis.fetch; // glue of 3.1.6 takes it for a page's, and knows no files then
globalThis.begin = (module) => {
  Module = module;
  Module.onRuntimeInitialized = () => run().catch((error) => (console.error(error), process.exit(1)));
};
const file = resolve(glue);
process.chdir(dirname(file));
require(file);
