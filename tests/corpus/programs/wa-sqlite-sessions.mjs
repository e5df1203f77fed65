// node wa-sqlite-sessions.mjs MODULE SESSIONS together|apart SEED: each session has a database of its own; prints what each read.
import { readFileSync } from "node:fs";
import factory from "@journeyapps/wa-sqlite/dist/wa-sqlite-jspi.mjs";
import * as SQLite from "@journeyapps/wa-sqlite";
import { MemoryVFS } from "@journeyapps/wa-sqlite/src/examples/MemoryVFS.js";

const [, , file, count, how, seed] = process.argv;
let state = Number(seed) + 1;
const nap = () => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  const ms = (state >>> 10) % 4;
  return new Promise((resolve) => (ms ? setTimeout(resolve, ms) : setImmediate(resolve)));
};
globalThis.fetch = undefined; // older glue would take Node for a browser

class Slow extends MemoryVFS {
  hasAsyncMethod() {
    return true;
  }
  async jRead(...args) {
    await nap();
    return super.jRead(...args);
  }
  async jWrite(...args) {
    await nap();
    return super.jWrite(...args);
  }
  async jLock() {
    await nap();
    return SQLite.SQLITE_OK;
  }
}

const module = await factory({ wasmBinary: readFileSync(file) });
const sqlite = SQLite.Factory(module);
sqlite.vfs_register(await Slow.create("slow", module), true);

async function session(number) {
  const db = databases[number - 1];
  try {
    const read = [];
    const run = (sql) => sqlite.exec(db, sql, (row) => read.push(row.join()));
    await run("PRAGMA cache_size = 4; CREATE TABLE t (id INTEGER PRIMARY KEY, text TEXT, twice INTEGER)");
    await run(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50)
      INSERT INTO t SELECT i, hex(zeroblob(80)) || (i * ${number}), i * ${2 * number} FROM n`);
    for (let turn = 0; turn < 3; turn++) {
      await run("SELECT count(*), sum(twice), max(length(text)) FROM t");
      await run(`UPDATE t SET twice = twice + ${number} WHERE id % 3 = ${turn}`);
    }
    await run("SELECT group_concat(twice) FROM (SELECT twice FROM t ORDER BY text DESC LIMIT 9)");
    await run("PRAGMA integrity_check");
    await sqlite.close(db);
    return read;
  } catch (error) {
    return [String(error.message ?? error)];
  }
}

const numbers = Array.from({ length: Number(count) }, (_, at) => at + 1);
// One after the other: the package's JavaScript has one place in memory for the database that was opened.
const databases = [];
for (const number of numbers) databases.push(await sqlite.open_v2(`session${number}.db`));
const results = [];
if (how === "together") results.push(...(await Promise.all(numbers.map(session))));
else for (const number of numbers) results.push(await session(number));
console.log(JSON.stringify(results));
process.exit();
