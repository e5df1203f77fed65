// node sessions.mjs [MODULE] [--sessions 4] [--seed 1] [--seeds 1]: sessions of wa-sqlite at once, each on a database of its own.
//
// Each session runs alone first. Then all run at once; the seed determines in which order their files' operations end.
// Prints how each session ended, and how many ended otherwise than alone.

import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";

import factory from "@journeyapps/wa-sqlite/dist/wa-sqlite-jspi.mjs";
import * as SQLite from "@journeyapps/wa-sqlite";
import { MemoryVFS } from "@journeyapps/wa-sqlite/src/examples/MemoryVFS.js";

const SHIPPED = new URL("node_modules/@journeyapps/wa-sqlite/dist/wa-sqlite-jspi.wasm", import.meta.url);
const ROWS = 60;
/** So many turns of the event loop without any wait: a session that has not ended does not end. */
const IDLE_TURNS = 50;

/** Operations that are pending. They end one by one, in an order that a seed determines. */
class Waits {
  constructor(seed) {
    this.state = seed >>> 0;
    this.pending = [];
  }

  add() {
    return new Promise((resolve) => this.pending.push(resolve));
  }

  /** End one of them; say whether there was one. */
  release() {
    if (!this.pending.length) return false;
    this.state = (Math.imul(this.state, 1664525) + 1013904223) >>> 0;
    this.pending.splice((this.state >>> 8) % this.pending.length, 1)[0]();
    return true;
  }
}

/** Files in memory whose operations take time, as on a disk of a browser. */
class SlowFiles extends MemoryVFS {
  constructor(module, waits) {
    super("slow", module);
    this.waits = waits;
  }
  hasAsyncMethod() {
    return true;
  }
  async jRead(...values) {
    await this.waits.add();
    return super.jRead(...values);
  }
  async jWrite(...values) {
    await this.waits.add();
    return super.jWrite(...values);
  }
  async jLock() {
    await this.waits.add();
    return SQLite.SQLITE_OK;
  }
}

/** What one session does; returns the rows that it read. */
async function session(sqlite, database, number) {
  const rows = [];
  const run = (sql) => sqlite.exec(database, sql, (row) => rows.push(row.join()));
  await run("PRAGMA cache_size = 4; CREATE TABLE t (id INTEGER PRIMARY KEY, text TEXT, amount INTEGER)");
  await run(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${ROWS})
    INSERT INTO t SELECT i, printf('%0*d', 150, i * ${number}), i * ${number} FROM n`);
  for (let turn = 0; turn < 3; turn++) {
    await run("SELECT count(*), sum(amount), max(text) FROM t");
    await run(`UPDATE t SET amount = amount + ${number} WHERE id % 3 = ${turn}`);
  }
  await run("SELECT group_concat(amount) FROM (SELECT amount FROM t ORDER BY text DESC LIMIT 9)");
  await run("PRAGMA integrity_check");
  await sqlite.close(database);
  return rows.join("\n");
}

/** Run sessions on one instance; return for each what it read, or its error. */
async function together(bytes, numbers, seed) {
  const waits = new Waits(seed);
  const module = await factory({ wasmBinary: bytes });
  const sqlite = SQLite.Factory(module);
  sqlite.vfs_register(new SlowFiles(module, waits), true);
  const ends = numbers.map(() => "never ended");
  const all = async () => {
    const databases = [];
    // One after the other: the package's JavaScript has one place in memory for the database that was opened.
    for (const number of numbers) databases.push(await sqlite.open_v2(`${number}.db`));
    const ended = (at) => (end) => (ends[at] = end);
    const failed = (error) => `error: ${error.message ?? error}`;
    await Promise.all(numbers.map((number, at) => session(sqlite, databases[at], number).catch(failed).then(ended(at))));
  };
  let left = 1;
  all().finally(() => left--);
  for (let idle = 0; left && idle < IDLE_TURNS; idle = waits.release() ? 0 : idle + 1)
    await new Promise((resolve) => setImmediate(resolve));
  return ends;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    sessions: { type: "string", default: "4" },
    seed: { type: "string", default: "1" },
    seeds: { type: "string", default: "1" },
  },
});
globalThis.fetch = undefined; // older glue would take Node for a browser
process.on("unhandledRejection", () => {}); // of calls within a call that went wrong
const bytes = readFileSync(positionals[0] ?? SHIPPED);
const numbers = Array.from({ length: Number(values.sessions) }, (_, at) => at + 1);
const alone = [];
for (const number of numbers) alone.push(...(await together(bytes, [number], 1)));
let wrong = 0;
for (let seed = Number(values.seed); seed < Number(values.seed) + Number(values.seeds); seed++)
  for (const [at, end] of (await together(bytes, numbers, seed)).entries()) {
    const is = end === alone[at] ? "as alone" : end.includes("\n") ? "other rows than alone" : end;
    if (end !== alone[at]) wrong++;
    if (values.seeds === "1") console.log(`session ${at + 1}: ${is}`);
  }
console.log(`${wrong} of ${values.seeds * numbers.length} sessions ended otherwise than alone`);
process.exit();
