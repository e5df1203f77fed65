// A program that puts functions of its own in place, as test tools and polyfills do.
import { bytes, asyncify, asyncifyImports, runAsyncify } from "./guests.cjs";
const own = WebAssembly.instantiate;
let calls = 0;
WebAssembly.instantiate = (...args) => (calls++, own(...args));
let guest;
({ instance: { exports: guest } } = await WebAssembly.instantiate(bytes("asyncify"), asyncifyImports(() => guest)));
console.log(await runAsyncify(guest, 1), calls);
const { emit } = process;
process.emit = function (name, ...rest) { if (name === "exit") console.log("own emit", rest); return emit.call(this, name, ...rest); };
const { toString } = Function.prototype;
Function.prototype.toString = function () { return toString.call(this).slice(0, 12); };
console.log(`${WebAssembly.Module}`);
delete WebAssembly.Suspending;
console.log(typeof WebAssembly.Suspending, "Suspending" in WebAssembly);
const { Module } = WebAssembly;
const held = globalThis.WebAssembly;
globalThis.WebAssembly = { ...held };
console.log(Object.keys(WebAssembly), new Module(bytes("asyncify")) instanceof Module);
