// Whether code looks at the size of its memory: on the modules of the probes, which have an instruction of every kind, and on
// builds of the polyfill's tests.

import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

import { MODULES } from "../detect/modules.mjs";
import { fromHex } from "../wasm/hex.mjs";
import { usesMemorySize } from "../wasm/instructions.mjs";
import { SECTION, sectionsOf } from "../wasm/read.mjs";

const LOOKS = /memory\.(size|grow)/;
const at = (path) => new URL(path, import.meta.url);

/** @param {Uint8Array} bytes */
function looks(bytes) {
  for (const { id, inside } of sectionsOf(bytes)) if (id === SECTION.CODE) return usesMemorySize(inside);
  return false;
}

for (const [name, hex] of Object.entries(MODULES)) {
  const text = [`../probes/${name}.wat`, `../probes/modules/${name}.wat`].map(at).find((each) => existsSync(each));
  if (text === undefined || name === "stack-switching") continue;
  test(`the probe ${name}`, () => assert.equal(looks(fromHex(hex)), LOOKS.test(readFileSync(text, "utf8"))));
}

for (const file of readdirSync(at("builds/")).filter((each) => each.endsWith(".wasm"))) {
  const text = readFileSync(at(`builds/${file.replace(".wasm", ".wat")}`), "utf8");
  test(`the build ${file}`, () => assert.equal(looks(new Uint8Array(readFileSync(at(`builds/${file}`)))), LOOKS.test(text)));
}

test("what is not known is an error: pages are not added then", () => {
  assert.throws(() => looks(fromHex(MODULES["stack-switching"])), /unknown instruction/);
});
