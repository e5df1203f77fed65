// node open-page.mjs TASK: opens a page in a browser, and prints what its `found` comes to, as JSON. TASK as JSON: browser, program, packages,
// launcher, and `url` of the page or `folder`, which is served.

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join } from "node:path";

const TYPES = { ".html": "text/html", ".js": "text/javascript", ".mjs": "text/javascript", ".wasm": "application/wasm" };
const { launcher, url, folder, ...task } = JSON.parse(process.argv[2]);
const { close, launch } = await import(launcher);

const server = createServer(async (request, response) => {
  const path = new URL(request.url, "http://localhost").pathname;
  const name = path === "/" ? "/index.html" : path;
  try {
    const bytes = await readFile(join(folder, name));
    response.writeHead(200, { "Content-Type": TYPES[extname(name)] ?? "application/octet-stream" }).end(bytes);
  } catch {
    response.writeHead(404).end();
  }
});

if (folder !== undefined) await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const [browser] = await launch({ ...task, flags: [] });
try {
  const page = await browser.newPage();
  await page.goto(url ?? `http://127.0.0.1:${server.address().port}/`);
  const found = "(async () => { while (globalThis.found === undefined) await new Promise((done) => setTimeout(done, 20)); return globalThis.found; })()";
  console.log(JSON.stringify(await page.evaluate(found)));
} finally {
  await close(browser);
  server.close();
}
process.exit();
