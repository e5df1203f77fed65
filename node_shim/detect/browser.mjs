// Starts a browser on a page of ours, and passes on what the page tells. One argument, JSON: {packages, browser,
// program, flags, probes}; packages is the folder that holds node_modules.

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { dirname, join, normalize } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const SHIM = dirname(dirname(fileURLToPath(import.meta.url)));
const START_TIMEOUT_MS = 25_000;
const task = JSON.parse(process.argv[2]);
const say = (told) => console.log(JSON.stringify(told));

function fail(message) {
  console.error(message);
  process.exit(1);
}

/** Serves the probes, isolated as shared memories need it, and takes what the page tells. */
function serve(onTold) {
  const headers = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };
  const server = createServer(async (request, response) => {
    const path = new URL(request.url, "http://localhost").pathname;
    if (request.method === "POST" && path === "/told") {
      let body = "";
      for await (const part of request) body += part;
      onTold(JSON.parse(body));
      return response.writeHead(204, headers).end();
    }
    if (path === "/") {
      const page = '<!doctype html><title>probes</title><script type="module" src="/detect/page.mjs"></script>';
      return response.writeHead(200, { ...headers, "Content-Type": "text/html" }).end(page);
    }
    try {
      if (!/^\/(?:detect|probes)\/[a-z0-9-]+\.mjs$/.test(path)) throw new Error("not ours");
      const text = await readFile(join(SHIM, normalize(path)));
      response.writeHead(200, { ...headers, "Content-Type": "text/javascript" }).end(text);
    } catch {
      response.writeHead(404, headers).end();
    }
  });
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server.address().port)));
}

function launchOptions() {
  const options = { executablePath: task.program, headless: true, timeout: START_TIMEOUT_MS, acceptInsecureCerts: false };
  if (task.browser === "firefox") {
    const extraPrefsFirefox = Object.fromEntries(task.flags.map((name) => [name, true]));
    return { ...options, browser: "firefox", extraPrefsFirefox };
  }
  const args = ["--disable-dev-shm-usage", ...(task.flags.length ? [`--js-flags=${task.flags.join(" ")}`] : [])];
  return { ...options, browser: "chrome", args };
}

/** Start it; where the system gives it no sandbox (root, some containers), without: it loads our page alone. */
async function launch(puppeteer) {
  const options = launchOptions();
  try {
    return [await puppeteer.launch(options), true];
  } catch (error) {
    if (!/sandbox/i.test(`${error}`) || options.browser !== "chrome") throw error;
    return [await puppeteer.launch({ ...options, args: [...options.args, "--no-sandbox"] }), false];
  }
}

const require = createRequire(join(task.packages, "package.json"));
const { default: puppeteer } = await import(pathToFileURL(require.resolve("puppeteer-core")).href);
let started;
try {
  started = await launch(puppeteer);
} catch (error) {
  const lines = `${error?.message ?? error}`.split("\n").filter((line) => line.trim() && !/^(?:TROUBLESHOOTING|Stderr)/.test(line));
  fail(lines.slice(0, 3).join(" "));
}
const [browser, sandboxed] = started;
const version = (await browser.version()).replace(/^.*\//, "");
say({ version, notes: sandboxed ? [] : ["run without its sandbox, which it cannot have here (root, or a container)"] });
if (task.probes.length === 0) {
  say({ done: true });
} else {
  const ended = new Promise((resolve, reject) => {
    const onTold = (told) => {
      say(told);
      if (told.done) resolve();
    };
    browser.on("disconnected", () => reject(new Error("the browser ended")));
    serve(onTold).then(async (port) => {
      const page = await browser.newPage();
      page.on("error", (error) => reject(error));
      await page.goto(`http://127.0.0.1:${port}/#${encodeURIComponent(JSON.stringify(task.probes))}`);
    }).catch(reject);
  });
  await ended.catch((error) => fail(`${error?.message ?? error}`));
}
await Promise.race([browser.close(), new Promise((resolve) => setTimeout(resolve, 3000))]);
process.exit(0);
