// Starting a browser that is installed, and ending it.

import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const START_TIMEOUT_MS = 25_000;
const END_TIMEOUT_MS = 3_000;

/**
 * @typedef {object} LaunchTask
 * @property {string} packages the folder that holds node_modules
 * @property {string} browser
 * @property {string} program
 * @property {string[]} flags
 */

/** @type {(task: LaunchTask) => Record<string, any>} */
function launchOptions(task) {
  const options = { executablePath: task.program, headless: true, timeout: START_TIMEOUT_MS, acceptInsecureCerts: false };
  if (task.browser === "firefox") {
    const extraPrefsFirefox = Object.fromEntries(task.flags.map((name) => [name, true]));
    return { ...options, browser: "firefox", extraPrefsFirefox };
  }
  const args = ["--disable-dev-shm-usage", ...(task.flags.length ? [`--js-flags=${task.flags.join(" ")}`] : [])];
  return { ...options, browser: "chrome", args };
}

/**
 * Start it; where the system gives it no sandbox (root, some containers), without: it loads our page alone.
 *
 * @param {LaunchTask} task
 * @returns {Promise<[any, boolean]>} the browser, and whether it has its sandbox
 */
export async function launch(task) {
  const require = createRequire(join(task.packages, "package.json"));
  const { default: puppeteer } = await import(pathToFileURL(require.resolve("puppeteer-core")).href);
  const options = launchOptions(task);
  try {
    return [await puppeteer.launch(options), true];
  } catch (error) {
    if (!/sandbox/i.test(`${error}`) || options.browser !== "chrome") throw error;
    return [await puppeteer.launch({ ...options, args: [...options.args, "--no-sandbox"] }), false];
  }
}

/**
 * The lines of an error of `launch` that say something.
 *
 * @param {any} error
 */
export function whyNotStarted(error) {
  const lines = `${error?.message ?? error}`.split("\n").filter((line) => line.trim() && !/^(?:TROUBLESHOOTING|Stderr)/.test(line));
  return lines.slice(0, 3).join(" ");
}

/**
 * Close it, or give up after `END_TIMEOUT_MS`.
 *
 * @param {any} browser
 */
export async function close(browser) {
  await Promise.race([browser.close(), new Promise((resolve) => setTimeout(resolve, END_TIMEOUT_MS))]);
}
