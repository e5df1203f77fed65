// Starts a browser on a page of ours, and passes on what the page reports. One argument, JSON: {packages, browser,
// program, flags, probes}; packages is the folder that holds node_modules.

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { dirname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";

import { close, launch, whyNotStarted } from "../detect/launch.mjs";

const SHIM = dirname(dirname(fileURLToPath(import.meta.url)));
const task = JSON.parse(process.argv[2]);
/** @param {object} message */
const say = (message) => console.log(JSON.stringify(message));

/** @type {(message: string) => never} */
function fail(message) {
  console.error(message);
  process.exit(1);
}

/**
 * Serve the probes, isolated as shared memories need it, and take what the page reports.
 *
 * @param {(message: any) => void} onMessage
 * @returns {Promise<number>} the port
 */
function serve(onMessage) {
  const headers = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };
  const server = createServer(async (request, response) => {
    const path = new URL(request.url ?? "/", "http://localhost").pathname;
    if (request.method === "POST" && path === "/report") {
      let body = "";
      for await (const part of request) body += part;
      onMessage(JSON.parse(body));
      return response.writeHead(204, headers).end();
    }
    if (path === "/") {
      const page = '<!doctype html><title>probes</title><script type="module" src="/detect/page.mjs"></script>';
      return response.writeHead(200, { ...headers, "Content-Type": "text/html" }).end(page);
    }
    try {
      if (!/^\/(?:detect|probes|wasm)\/[a-z0-9-]+\.mjs$/.test(path)) throw new Error("not ours");
      const text = await readFile(join(SHIM, normalize(path)));
      response.writeHead(200, { ...headers, "Content-Type": "text/javascript" }).end(text);
    } catch {
      response.writeHead(404, headers).end();
    }
  });
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(/** @type {import("node:net").AddressInfo} */ (server.address()).port)));
}

let started;
try {
  started = await launch(task);
} catch (error) {
  fail(whyNotStarted(error));
}
const [browser, sandboxed] = started;
const version = (await browser.version()).replace(/^.*\//, "");
say({ version, notes: sandboxed ? [] : ["run without its sandbox, which it cannot have here (root, or a container)"] });
if (task.probes.length === 0) {
  say({ done: true });
} else {
  const ended = new Promise((resolve, reject) => {
    const onMessage = (/** @type {any} */ message) => {
      say(message);
      if (message.done) resolve(undefined);
    };
    browser.on("disconnected", () => reject(new Error("the browser ended")));
    serve(onMessage).then(async (port) => {
      const page = await browser.newPage();
      page.on("error", reject);
      await page.goto(`http://127.0.0.1:${port}/#${encodeURIComponent(JSON.stringify(task.probes))}`);
    }).catch(reject);
  });
  await ended.catch((error) => fail(`${error?.message ?? error}`));
}
await close(browser);
process.exit(0);
