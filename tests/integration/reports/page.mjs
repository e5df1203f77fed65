// Opens report pages in a browser and tells what it finds. One argument, JSON: {packages, axe, browser, tasks}, each task
// {file, dark, width, height, steps, shots}; a line of JSON a task. packages holds node_modules with puppeteer-core.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const task = JSON.parse(process.argv[2]);
const require = createRequire(join(task.packages, "package.json"));
const { default: puppeteer } = await import(pathToFileURL(require.resolve("puppeteer-core")).href);
const axe = task.axe ? readFileSync(task.axe, "utf8") : "";

const args = ["--disable-dev-shm-usage", "--no-sandbox", "--font-render-hinting=none"];
const browser = await puppeteer.launch({ executablePath: task.browser, headless: true, args });
try {
  for (const each of task.tasks) console.log(JSON.stringify(await look(each)));
} finally {
  await browser.close();
}

async function look({ file, dark, width, height = 900, steps = [], shots = {} }) {
  const page = await browser.newPage();
  const trouble = [];
  page.on("console", (said) => ["error", "warn"].includes(said.type()) && trouble.push(said.text()));
  page.on("pageerror", (error) => trouble.push(`${error}`));
  page.on("request", (request) => /^(file|data|blob|about):/.test(request.url()) || trouble.push(`asked for ${request.url()}`));
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: dark ? "dark" : "light" }, { name: "prefers-reduced-motion", value: "reduce" }]);
  await page.setViewport({ width, height });
  await page.goto(pathToFileURL(file).href);
  const seen = [];
  for (const step of steps) {
    if (step.click) await page.click(step.click);
    if (step.type) await page.type(step.type[0], step.type[1]);
    if (step.clear) await page.$eval(step.clear, (input) => { input.value = ""; input.dispatchEvent(new Event("input")); });
    if (step.press) await page.keyboard.press(step.press);
    if (step.focus) await page.$eval(step.focus, (element) => element.focus()); // puppeteer focuses no SVG
    if (step.evaluate) seen.push(await page.evaluate(step.evaluate));
    if (step.axe) seen.push(await violations(page));
    if (step.shot) await page.screenshot({ path: step.shot, fullPage: Boolean(step.full) });
  }
  await page.close();
  return { trouble, seen };
}

async function violations(page) {
  await page.evaluate(axe); // the page's own policy keeps scripts out; this way is not a script of the page
  const { violations: found } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
  return found.map(({ id, impact, nodes }) => ({ id, impact, where: nodes.slice(0, 5).map((node) => `${node.target} ${node.failureSummary}`) }));
}
