// engines: node@24 node@26
// waits: jspi
// CPython, whose `run_sync` sets the whole of it aside.
import { loadPyodide } from "pyodide";
import { among, job, show, turn } from "./ticks.mjs";

const pyodide = await loadPyodide({ env: { HOME: "/" } });
pyodide.globals.set("turn", (n) => turn(n + 1));
pyodide.globals.set("job", (n) => job(n + 1));
const run = (code) => pyodide.runPythonAsync(`from pyodide.ffi import run_sync\n${code}`);
await among("wait", () => run("run_sync(turn(1))"));
await among("job", () => run("run_sync(job(1))"));
await among("nested", () => run("def f(n): return run_sync(turn(n)) + (f(n - 1) if n else 0)\nf(5)"));
await among("generator", () => run("sum(run_sync(turn(n)) for n in range(5))"));
await among("sort", () => run("str(sorted([3, 1, 2], key=lambda n: -run_sync(turn(n))))"));
await among("gather", () => run("import asyncio\nstr(await asyncio.gather(*[asyncio.sleep(0, n) for n in range(3)]))"));
await among("error", () => run("run_sync(turn(1))\n1 / 0").catch((error) => error.message.split("\n").at(-2)));
show("overlapping", await Promise.all([1, 2, 3].map((n) => run(`run_sync(turn(${n})) * 10`))));
