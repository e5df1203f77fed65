import bytes from "./kinds.wasm";
import { overlap } from "./overlap.mjs";

const found = await overlap(async (imports) => (await WebAssembly.instantiate(bytes, imports)).instance);
console.log(JSON.stringify([found]));
