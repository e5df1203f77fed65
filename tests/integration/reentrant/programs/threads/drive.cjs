// node drive.cjs GLUE SEED THREADS: so many threads, a few at a time; each has calls that overlap.
const { dirname, resolve } = require("node:path");

const [, , glue, seed = "1", count = "20"] = process.argv;
const nap = (ms) => new Promise((done) => setTimeout(done, ms));

async function run(module) {
  const call = (name, ...numbers) => module.plainly(name)(...numbers);
  for (let each = 0; each < Number(count); each++) {
    if (call("start", Number(seed) * 1000 + each)) throw new Error("no thread");
    while (each - call("threads_done") >= 3) await nap(5); // workers are used again
  }
  while (call("threads_done") < Number(count)) await nap(5);
  console.log(JSON.stringify({ threads: call("threads_done"), wrong: call("bytes_wrong") }));
  process.exit(0);
}

const file = resolve(glue);
process.chdir(dirname(file));
delete globalThis.fetch; // glue of 3.1.6 takes it for a page's, and knows no files then
globalThis.begin = (module) => {
  module.onRuntimeInitialized = () => setTimeout(() => run(module).catch((error) => (console.error(error), process.exit(1))));
};
require(file);
