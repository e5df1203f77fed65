// Reads glue by the npm package's code: standard input is a JSON array of texts, the answer an array of what each says.

import { readFileSync } from "node:fs";

const { readGlue } = await import(`${process.argv[2]}/reentrant/glue.mjs`);
const texts = JSON.parse(readFileSync(0, "utf8"));
console.log(
  JSON.stringify(texts.map((text) => ({ ...readGlue(text), marked: [...readGlue(text).marked].sort(), names: { ...readGlue(text).names } }))),
);
