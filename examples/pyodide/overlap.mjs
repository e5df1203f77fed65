// node overlap.mjs [--calls 6] [--seeds 3]: Python calls that wait by `run_sync`, at once, in one Pyodide.
//
// Each call runs alone first. Then all run at once; a seed determines in which order their waits end.

import { parseArgs } from "node:util";

import { loadPyodide } from "pyodide";

const WORK = `
from pyodide.ffi import run_sync

def work(number, depth):
    items = [number * 31 + each for each in range(20)]
    total = 0
    for turn in range(3):
        total += run_sync(wait(number + turn))
        total += sum(sorted(items, key=lambda item: (item * 7919 + run_sync(wait(item % 5))) % 101)[:7])
        if depth:
            total += work(number + 1, depth - 1)
    return total
`;
/** So many turns of the event loop without any wait: a call that has not ended does not end. */
const IDLE_TURNS = 200;

const { values } = parseArgs({
  options: { calls: { type: "string", default: "6" }, seeds: { type: "string", default: "3" } },
});
const pyodide = await loadPyodide({ env: { HOME: "/" } });
const waits = [];
pyodide.globals.set("wait", (value) => new Promise((resolve) => waits.push(() => resolve(value))));
pyodide.runPython(WORK);

/** Begin calls, and end their waits in the order of a seed; return for each its result, or its error. */
async function together(numbers, seed) {
  let state = seed;
  const ends = numbers.map(() => "never ended");
  let left = numbers.length;
  const failed = (error) => String(error.message).trim().split("\n").at(-1);
  for (const [at, number] of numbers.entries())
    pyodide
      .runPythonAsync(`work(${number}, ${number % 3})`)
      .catch(failed)
      .then((end) => (left--, (ends[at] = end)));
  for (let idle = 0; left && idle < IDLE_TURNS; idle++) {
    await new Promise((resolve) => setImmediate(resolve));
    if (!waits.length) continue;
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    waits.splice((state >>> 8) % waits.length, 1)[0]();
    idle = 0;
  }
  return ends;
}

const numbers = Array.from({ length: Number(values.calls) }, (_, at) => at + 1);
const alone = [];
for (const number of numbers) alone.push(...(await together([number], 1)));
let wrong = 0;
for (let seed = 1; seed <= Number(values.seeds); seed++)
  wrong += (await together(numbers, seed)).filter((end, at) => end !== alone[at]).length;
console.log(`alone: ${alone.join(", ")}`);
console.log(`${wrong} of ${values.seeds * numbers.length} calls ended otherwise than alone`);

try {
  pyodide.runPython("work(1, 0)");
} catch (error) {
  console.log(`runPython: ${String(error.message).trim().split("\n").at(-1)}`);
}
process.exit();
