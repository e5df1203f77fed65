// Observes any Node program's WebAssembly and changes nothing else. Preloaded: NODE_OPTIONS=--require …/observe.cjs,
// with STACKSWITCH_TRACE naming the folder that each process and each worker puts a file of its own into.
// CommonJS, and all of it synchronous: see observe.mjs. What is written: docs/trace-format.md, "Parts".

"use strict";

const folder = process.env.STACKSWITCH_TRACE;
const OBSERVER = Symbol.for("stackswitch.observe"); // see observer.cjs

if (folder && typeof WebAssembly === "object" && Reflect.get(WebAssembly.Module, OBSERVER) === undefined) {
  const loaded = new Set(Object.keys(require.cache));
  try {
    require("./observe/observer.cjs").install(folder);
  } catch {
    // Without a folder to write to nothing can be written: the reader misses this process's part.
  }
  // A program may list what it has loaded.
  for (const file of Object.keys(require.cache)) if (!loaded.has(file)) delete require.cache[file];
  delete require.cache[__filename];
}
