// Watches any Node program's WebAssembly and changes nothing else. Preloaded: NODE_OPTIONS=--require …/observe.cjs,
// with STACKSWITCH_TRACE naming the folder that each process and each worker puts a file of its own into.
// CommonJS, and all of it synchronous: see observe.mjs. What is written: docs/trace-format.md, "Parts".

"use strict";

const folder = process.env.STACKSWITCH_TRACE;
const loaded = Symbol.for("stackswitch.observe");

if (folder && typeof WebAssembly === "object" && !globalThis[loaded]) {
  const observer = {}; // what realm.mjs needs of it: see install.cjs
  Object.defineProperty(globalThis, loaded, { value: observer });
  try {
    Object.assign(observer, require("./observe/install.cjs").install(folder));
  } catch {
    // Without a folder to write to there is no one to tell: the reader misses this process's part.
  }
}
