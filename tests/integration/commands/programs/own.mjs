// Glue for an Asyncify build of one's own.
import { readFileSync } from "node:fs";

const DATA = 16;
let awake;
const wait = (n) => {
  if (guest.asyncify_get_state() === 2) return guest.asyncify_stop_rewind(), n;
  new Int32Array(guest.memory.buffer, DATA, 2).set([DATA + 8, 4096]);
  guest.asyncify_start_unwind(DATA);
  setTimeout(() => awake(), 1);
  return 0;
};
const module = await WebAssembly.compile(readFileSync(new URL("own.wasm", import.meta.url)));
const guest = new WebAssembly.Instance(module, { env: { wait } }).exports;
export const run = async (value) => {
  let result = guest.run(value);
  while (guest.asyncify_get_state() === 1) {
    guest.asyncify_stop_unwind();
    await new Promise((done) => (awake = done));
    guest.asyncify_start_rewind(DATA);
    result = guest.run(value);
  }
  return result;
};
export const steps = guest.steps;
