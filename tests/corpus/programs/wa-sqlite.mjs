// A database on a file system that is asynchronous; `factory` makes the module.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { among, show, turn } from "./ticks.mjs";

/** The wasm file of a package, as the glue's option wants it. */
export const wasmOf = (name) => readFileSync(createRequire(import.meta.url).resolve(name));

export async function runSQLite(SQLite, factory, wasmBinary, VFS) {
  const module = await factory({ wasmBinary });
  const sqlite = SQLite.Factory(module);
  const vfs = await VFS(module);
  sqlite.vfs_register(vfs, true);
  const db = await sqlite.open_v2("test.db");
  const query = async (sql) => {
    const rows = [];
    await sqlite.exec(db, sql, (row) => rows.push(row.join()));
    return rows.join(" ");
  };
  await among("create", () => query("CREATE TABLE t (n INTEGER, s TEXT); INSERT INTO t VALUES (1, 'one'), (2, 'two'), (3, 'three')"));
  await among("select", () => query("SELECT n * 10, s FROM t ORDER BY s"));
  await among("bulk", () => query("WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 400) INSERT INTO t SELECT n, 'row ' || n FROM c; SELECT count(*), sum(n) FROM t"));
  await among("error", () => query("SELECT * FROM missing").catch((error) => error.message));
  await among("update", () => query("BEGIN; UPDATE t SET n = n + 1; ROLLBACK; SELECT sum(n) FROM t"));
  await among("close", () => sqlite.close(db));
  show("suspending", typeof WebAssembly.Suspending, "own", Object.keys(vfs).length > 0);
}

/** One of the builds of @journeyapps/wa-sqlite, on a file system of which each read and write waits. */
export async function runFacade(factory, wasm) {
  const SQLite = await import("@journeyapps/wa-sqlite");
  const { MemoryVFS } = await import("@journeyapps/wa-sqlite/src/examples/MemoryVFS.js");
  class Slow extends MemoryVFS {
    async jRead(...args) {
      await turn();
      return super.jRead(...args);
    }
    async jWrite(...args) {
      await turn();
      return super.jWrite(...args);
    }
    hasAsyncMethod(name) {
      return name === "xRead" || name === "xWrite";
    }
  }
  await runSQLite(SQLite, factory, wasmOf(wasm), async (module) => {
    const vfs = new Slow("slow", module);
    await vfs.isReady();
    return vfs;
  });
}
