// One glue, natively (where the engine has JSPI) and, with JSPI hidden, over the polyfill.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";

import { hasNativeJspi, install } from "../polyfill.mjs";
import { GLUE } from "./glue.mjs";

const bytes = new Uint8Array(readFileSync(new URL("builds/glue.wasm", import.meta.url)));
const is = (actual, expected) => assert.deepEqual(actual, expected);

describe("glue written for JSPI", { skip: hasNativeJspi() ? false : "this engine has no JSPI" }, () => {
  for (const [name, run] of Object.entries(GLUE)) it(`natively: ${name}`, () => run(bytes, is));
});

describe("the same glue", () => {
  for (const [name, run] of Object.entries(GLUE)) {
    it(`over the polyfill: ${name}`, async () => {
      const restore = install({ force: true });
      try {
        await run(bytes, is);
      } finally {
        restore();
      }
    });
  }
});
