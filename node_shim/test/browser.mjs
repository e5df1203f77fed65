// The shim's tests in a browser: `node browser.mjs TASK`, TASK as JSON: {packages, browser, program, flags, ways, folder}; of
// the folder, if there is one, the page gets /app/*. A line of JSON for each thing that was tried: {way, name, error}; then {version}. Its exit status is 1 if one failed.

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { fileURLToPath, pathToFileURL } from "node:url";

import { close, launch, whyNotStarted } from "../detect/launch.mjs";

const PAGE_TIMEOUT_MS = 60_000;
const TYPES = { js: "text/javascript", mjs: "text/javascript", wasm: "application/wasm" };
const task = JSON.parse(process.argv[2]);
const ROOTS = [
  [/^\/(?:polyfill|jspi|jspi-api|wasm|stacks|report|test)(?:\/[a-z0-9-]+)*\.(mjs|wasm)$/, new URL("..", import.meta.url)],
  [/^\/c-stack\/[a-z0-9-]+\.(wasm)$/, new URL("../../stackswitch/suite/cases/", import.meta.url)],
  ...(task.folder ? [[/^\/app\/[a-z0-9-]+\.(js|wasm)$/, pathToFileURL(`${task.folder}/`)]] : []),
];
const PAGE = '<!doctype html><title>shim</title><link rel="icon" href="data:,"><script type="module" src="/test/in-page.mjs"></script>';
let failed = 0;

/** Serve the page and what it loads; take its results. */
function serve(onResult) {
  const server = createServer(async (request, response) => {
    const path = new URL(request.url, "http://localhost").pathname;
    if (request.method === "POST" && path === "/result") {
      let body = "";
      for await (const part of request) body += part;
      response.writeHead(204).end();
      return onResult(JSON.parse(body));
    }
    if (path === "/") return response.writeHead(200, { "Content-Type": "text/html" }).end(PAGE);
    for (const [pattern, root] of ROOTS) {
      const kind = pattern.exec(path)?.[1];
      if (kind === undefined) continue;
      try {
        const bytes = await readFile(fileURLToPath(new URL(`.${path}`, root)));
        return response.writeHead(200, { "Content-Type": TYPES[kind] }).end(bytes);
      } catch {
        break;
      }
    }
    response.writeHead(404).end();
  });
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server)));
}

async function run(browser, way) {
  const page = await browser.newPage();
  let server;
  let late;
  const done = new Promise((resolve, reject) => {
    late = setTimeout(() => reject(new Error(`not done after ${PAGE_TIMEOUT_MS / 1000} s`)), PAGE_TIMEOUT_MS);
    page.on("error", reject);
    if (way !== "report") page.on("pageerror", reject); // there an error is what the page waits for, and reports
    browser.on("disconnected", () => reject(new Error("the browser ended")));
    serve((result) => {
      if (result.done) return resolve();
      if (result.error !== null) failed++;
      console.log(JSON.stringify({ way, ...result }));
    }).then((made) => {
      server = made;
      return page.goto(`http://127.0.0.1:${server.address().port}/#${way}`);
    }).catch(reject);
  });
  try {
    await done;
  } catch (error) {
    failed++;
    console.log(JSON.stringify({ way, name: "the page", error: `${error?.message ?? error}` }));
  } finally {
    clearTimeout(late);
    server?.close();
    await page.close().catch(() => {});
  }
}

let browser;
try {
  [browser] = await launch(task);
} catch (error) {
  console.error(whyNotStarted(error));
  process.exit(2);
}
for (const way of task.ways) await run(browser, way);
console.log(JSON.stringify({ version: (await browser.version()).replace(/^.*\//, "") }));
await close(browser);
process.exit(failed === 0 ? 0 : 1);
