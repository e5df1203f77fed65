import { installReentrant } from "stackswitch-jspi/hook";
import url from "./kinds.wasm";
import { overlap } from "./overlap.mjs";

installReentrant({ refused: "throw" });
globalThis.found = Promise.all([
  overlap(async (imports) => (await WebAssembly.instantiateStreaming(fetch(url), imports)).instance),
]);
