import url from "./kinds.wasm";
import { overlap } from "./overlap.mjs";

globalThis.found = Promise.all([
  overlap(async (imports) => (await WebAssembly.instantiateStreaming(fetch(url), imports)).instance),
]);
