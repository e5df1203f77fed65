import { readFileSync } from "node:fs";

import url from "./kinds.wasm?url";
import { overlap } from "./overlap.mjs";

const bytes = readFileSync(new URL(`.${url}`, import.meta.url));
console.log(JSON.stringify([await overlap(async (imports) => (await WebAssembly.instantiate(bytes, imports)).instance)]));
