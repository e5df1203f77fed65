// Puts together what the package holds: the polyfill as it lies in node_shim, and the license.

import { cpSync, mkdirSync, rmSync } from "node:fs";

const here = new URL(".", import.meta.url);
const root = new URL("../../", here);
const dist = new URL("dist/", here);

rmSync(dist, { recursive: true, force: true });
mkdirSync(dist);
for (const name of ["polyfill.mjs", "report.mjs", "report-auto.mjs", "polyfill", "report", "stacks/frames.mjs", "wasm"]) {
  cpSync(new URL(`node_shim/${name}`, root), new URL(name, dist), { recursive: true });
}
cpSync(new URL("LICENSE", root), new URL("LICENSE", here));
