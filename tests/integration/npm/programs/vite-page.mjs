import init from "./kinds.wasm?init";
import url from "./kinds.wasm?url";
import { overlap } from "./overlap.mjs";

const streamed = (from) => async (imports) => (await WebAssembly.instantiateStreaming(fetch(from), imports)).instance;

globalThis.found = Promise.all([
  overlap(init),
  overlap(streamed(url)),
  overlap(streamed(new URL("./kinds.wasm", import.meta.url))), // as Emscripten's glue does
]);
