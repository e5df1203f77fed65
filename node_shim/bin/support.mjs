// Who can use JSPI, by published data: a query's browsers, their share of use, and Node's schedule. One argument, JSON:
// {packages, query, today}; packages is the folder that holds node_modules. Prints one line of JSON.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const task = JSON.parse(process.argv[2]);
const require = createRequire(join(task.packages, "package.json"));
const compat = require("@mdn/browser-compat-data");
const browserslist = require("browserslist");
const schedule = require("node-releases/data/release-schedule/release-schedule.json");
const support = compat.webassembly.jspi.__compat.support;

/**
 * browserslist's names (caniuse's), as browser-compat-data has them.
 *
 * @type {Record<string, string>}
 */
const NAMES = {
  chrome: "chrome",
  and_chr: "chrome_android",
  edge: "edge",
  firefox: "firefox",
  and_ff: "firefox_android",
  safari: "safari",
  ios_saf: "safari_ios",
  samsung: "samsunginternet_android",
  opera: "opera",
  op_mob: "opera_android",
  android: "webview_android",
};

/** @param {string} version */
const parts = (version) => version.replace(/^[^0-9]*/, "").split("-")[0].split(".").map(Number);

/** @type {(version: string, since: string) => boolean} */
function reached(version, since) {
  const [have, need] = [parts(version), parts(since)];
  for (let i = 0; i < need.length; i++) {
    if ((have[i] ?? 0) !== need[i]) return (have[i] ?? 0) > need[i];
  }
  return true;
}

/**
 * Whether a browser has it as users get it: without flags, released ("preview" is not), and not removed again.
 *
 * @param {string} browser
 */
function hasIt(browser) {
  const [name, version] = browser.split(" ");
  const said = support[NAMES[name]];
  if (said === undefined) return undefined;
  return [said].flat().some(({ version_added: added, version_removed: removed, flags, partial_implementation: partial }) => {
    if (flags || partial || typeof added !== "string") return false;
    if (version === "TP") return !removed;
    if (!/^[0-9]/.test(version) || !/[0-9]/.test(added)) return false;
    return reached(version, added) && !(typeof removed === "string" && /[0-9]/.test(removed) && reached(version, removed));
  });
}

const versions = Object.fromEntries(
  ["@mdn/browser-compat-data", "browserslist", "caniuse-lite", "node-releases"].map((name) => [
    name,
    JSON.parse(readFileSync(join(task.packages, "node_modules", name, "package.json"), "utf8")).version,
  ]),
);
/** @type {Record<string, any>} */
const answer = {
  versions,
  node_lts: Object.entries(schedule)
    .filter(([, phase]) => phase.lts && phase.lts <= task.today && phase.end > task.today)
    .map(([name]) => name.slice(1)),
  browsers: [],
};
if (task.query) {
  try {
    answer.browsers = browserslist(task.query).map((/** @type {string} */ name) => ({
      name,
      share: browserslist.coverage([name]),
      jspi: hasIt(name) ?? null,
    }));
  } catch (error) {
    answer.error = `${error.message}`;
  }
}
console.log(JSON.stringify(answer));
