// Puts together what the package holds: code as it lies in node_shim, its types as TypeScript declares them, and the license.
//
// TypeScript and Node's types are looked for here and in NODE_PATH.

import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL(".", import.meta.url));
const shim = fileURLToPath(new URL("../../node_shim", import.meta.url));
const dist = join(here, "dist");
const ENTRIES = ["polyfill.mjs", "reentrant.mjs", "report.mjs", "reentrant/hook.mjs", "bundlers/esbuild.mjs", "bundlers/vite.mjs"];
const FOLDERS = ["polyfill", "reentrant", "bundlers", "report", "stacks/frames.mjs", "wasm"];

rmSync(dist, { recursive: true, force: true });
mkdirSync(dist);
for (const name of ["polyfill.mjs", "reentrant.mjs", "report.mjs", "report-auto.mjs", ...FOLDERS]) {
  cpSync(join(shim, name), join(dist, name), { recursive: true });
}
cpSync(join(here, "../../LICENSE"), join(here, "LICENSE"));
declareTypes();

/** Write a declaration beside each file that an entry leads to. */
function declareTypes() {
  const compiler = join(packageOf("typescript"), "bin", "tsc");
  const project = join(dist, "tsconfig.json");
  const options = {
    noEmit: false,
    declaration: true,
    emitDeclarationOnly: true,
    rootDir: shim,
    outDir: dist,
    typeRoots: [dirname(packageOf("@types/node"))],
  };
  const include = [...ENTRIES, "types/globals.d.ts"].map((name) => join(shim, name));
  writeFileSync(project, JSON.stringify({ extends: join(shim, "tsconfig.json"), compilerOptions: options, include, exclude: [] }));
  execFileSync(process.execPath, [compiler, "--project", project], { stdio: ["ignore", 2, 2] });
  rmSync(project);
}

/** @param {string} name */
function packageOf(name) {
  try {
    return dirname(createRequire(import.meta.url).resolve(`${name}/package.json`));
  } catch {
    throw new Error(`the package's types need ${name}: run npm install in ${here}, or set NODE_PATH`);
  }
}
