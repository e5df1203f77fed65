// engines: node@20 node@24 node@26
// waits: asyncify
// The first releases: an older Emscripten, and file systems that wait by its Asyncify.handleAsync.
import * as SQLite from "wa-sqlite";
import factory from "wa-sqlite/dist/wa-sqlite-async.mjs";
import { MemoryVFS } from "wa-sqlite/src/examples/MemoryVFS.js";
import { runSQLite, wasmOf } from "./wa-sqlite.mjs";
import { turn } from "./ticks.mjs";

class Slow extends MemoryVFS {
  name = "slow";
  xRead(...args) {
    return this.handleAsync(async () => (await turn(), super.xRead(...args)));
  }
  xWrite(...args) {
    return this.handleAsync(async () => (await turn(), super.xWrite(...args)));
  }
}

await runSQLite(SQLite, factory, wasmOf("wa-sqlite/dist/wa-sqlite-async.wasm"), () => new Slow());
