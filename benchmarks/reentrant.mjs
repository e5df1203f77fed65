// node reentrant.mjs NATIVE TRANSFORMED ROUNDS [SWITCHING]: CPU nanoseconds of a wait and of a call, medians as JSON. See reentrant.py.
// SWITCHING: node_shim/jspi/switching.mjs of the time when generated adapters switched the C stacks.
import { readFileSync } from "node:fs";

const [, , native, transformed, rounds, adapters] = process.argv;
const done = Promise.resolve(1);

function load(file) {
  const env = { wait: new WebAssembly.Suspending(() => done) };
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(readFileSync(file)), { env });
  return {
    waits: WebAssembly.promising(exports.waits),
    call: WebAssembly.promising(exports.call),
    plain: exports.call,
    memory: exports.memory,
  };
}

async function loadWithAdapters(file) {
  const { JspiSwitching } = await import(adapters);
  const switching = new JspiSwitching({ separate: true });
  const env = { wait: switching.suspending(() => done) };
  const { exports } = switching.instantiate(switching.compile(readFileSync(file)), { env });
  return { waits: switching.promising(exports.waits), call: switching.promising(exports.call), plain: exports.call };
}

const builds = { native: load(native), transformed: load(transformed) };
if (adapters) builds.adapters = await loadWithAdapters(native);
const cpu = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) * 1000;
};
const found = {};

async function measure(name, what, count, work) {
  const begin = cpu();
  await work();
  ((found[what] ??= {})[name] ??= []).push((cpu() - begin) / count);
}

for (let round = 0; round < Number(rounds); round++)
  for (const [name, build] of Object.entries(builds)) {
    await measure(name, "a wait", 20_000, () => build.waits(20_000));
    await measure(name, "a promising call", 20_000, async () => {
      for (let i = 0; i < 20_000; i++) await build.call(i);
    });
    await measure(name, "a call that is not promising", 1_000_000, () => {
      for (let i = 0; i < 1_000_000; i++) build.plain(i);
    });
  }

const median = (numbers) => numbers.sort((a, b) => a - b)[numbers.length >> 1];
for (const builds of Object.values(found)) for (const name in builds) builds[name] = median(builds[name]);
console.log(JSON.stringify({ found, bytes: builds.transformed.memory.buffer.byteLength }));
