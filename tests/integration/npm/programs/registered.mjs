// node registered.mjs MODULE WAY: overlaps calls of a module that is made in one of the ways there are; prints the results as JSON.

import { readFileSync } from "node:fs";

import { overlap } from "./overlap.mjs";

const [file, way] = process.argv.slice(2);
const bytes = readFileSync(file);
const response = () => new Response(bytes, { headers: { "Content-Type": "application/wasm" } });
const WAYS = {
  instantiate: async (imports) => (await WebAssembly.instantiate(bytes, imports)).instance,
  "instantiate-module": async (imports) => WebAssembly.instantiate(await WebAssembly.compile(bytes), imports),
  "new-instance": async (imports) => new WebAssembly.Instance(new WebAssembly.Module(bytes), imports),
  "instantiate-streaming": async (imports) => (await WebAssembly.instantiateStreaming(response(), imports)).instance,
  "compile-streaming": async (imports) => new WebAssembly.Instance(await WebAssembly.compileStreaming(response()), imports),
};
console.log(JSON.stringify(await overlap(WAYS[way])));
