// Runs modules, a line of JSON each: {modules: [hex], calls: [[export, number]]}. Prints a line for each: what the calls of each
// module returned or trapped with, what its imports were called with, and the numbers in its first bytes of memory.
import { createInterface } from "node:readline";

const SHARED_BYTES = 1024;
const { Module, Instance } = WebAssembly;

function run(hex, calls) {
  const seen = [];
  const note = (name, result) => (...values) => {
    seen.push([name, ...values.map(String)]);
    return result(values);
  };
  const wait = note("wait", ([value]) => (Math.imul(value, 31) + 7) | 0);
  const env = { wait, wide: note("wide", ([long, float]) => float / 2 + Number(long & 255n)), other: note("other", ([value]) => value ^ 85) };
  const { exports } = new Instance(new Module(Buffer.from(hex, "hex")), { env });
  const results = calls.map(([name, value]) => {
    try {
      return exports[name](value);
    } catch (error) {
      return error instanceof WebAssembly.RuntimeError ? "trap" : error instanceof WebAssembly.Exception ? "exception" : error.message;
    }
  });
  return { results, seen, memory: [...new Uint8Array(exports.memory.buffer, 0, SHARED_BYTES)] };
}

for await (const line of createInterface({ input: process.stdin })) {
  const { modules, calls } = JSON.parse(line);
  console.log(JSON.stringify(modules.map((each) => run(each, calls))));
}
