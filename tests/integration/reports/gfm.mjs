// Renders Markdown as GitHub does: arguments are the folder with node_modules, then files; a line of JSON (the HTML) each.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [packages, ...files] = process.argv.slice(2);
const require = createRequire(join(packages, "package.json"));
const load = (name) => import(pathToFileURL(require.resolve(name)).href);
const [{ micromark }, { gfm, gfmHtml }] = await Promise.all([load("micromark"), load("micromark-extension-gfm")]);
for (const file of files) {
  const options = { allowDangerousHtml: true, extensions: [gfm()], htmlExtensions: [gfmHtml()] };
  console.log(JSON.stringify(micromark(readFileSync(file, "utf8"), options)));
}
