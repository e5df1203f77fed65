// node run-kinds.mjs MODULE [BROWSER PROGRAM PACKAGES LAUNCHER]: runs kinds.mjs here or in a browser; prints its results as JSON.
import { readFileSync } from "node:fs";

import { kinds } from "./kinds.mjs";

const [, , file, browser, program, packages, launcher] = process.argv;
const bytes = readFileSync(file);

async function inBrowser() {
  const { close, launch } = await import(launcher);
  const [started] = await launch({ browser, program, packages, flags: [] });
  try {
    const page = await started.newPage();
    const text = JSON.stringify(bytes.toString("base64"));
    return await page.evaluate(`(${kinds})(Uint8Array.from(atob(${text}), (each) => each.charCodeAt(0)))`);
  } finally {
    await close(started);
  }
}

console.log(JSON.stringify(browser ? await inBrowser() : await kinds(bytes)));
process.exit();
