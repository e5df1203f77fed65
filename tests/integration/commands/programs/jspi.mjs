// Glue as one writes it for JSPI.
import { readFileSync } from "node:fs";

const wait = new WebAssembly.Suspending((n) => new Promise((done) => setTimeout(done, 1, n)));
const { instance } = await WebAssembly.instantiate(readFileSync(new URL("guest.wasm", import.meta.url)), { env: { wait } });
export const run = WebAssembly.promising(instance.exports.run);
export const steps = instance.exports.steps;
export const other = WebAssembly.promising(instance.exports.other);
