// PHP 8.3 as npm ships it, with the library of the explored programs in it.
import { readFileSync } from "node:fs";
import * as module from "node:module";
import { pathToFileURL } from "node:url";
import { join } from "node:path";

// A native addon for file locks, which has no prebuilt file for the newest Nodes.
const stub = ["constants = {}", ...["fcntlSync", "flockSync", "lockFileExSync", "unlockFileExSync"].map((name) => `${name} = () => {}`)];
module.registerHooks?.({
  resolve: (name, context, next) =>
    name === "fs-ext-extra-prebuilt" ? { url: "stub:fs-ext", format: "module", shortCircuit: true } : next(name, context),
  load: (url, context, next) =>
    url === "stub:fs-ext" ? { format: "module", source: `export const ${stub.join(", ")};`, shortCircuit: true } : next(url, context),
});

// `python ../prepare.py` puts PHP there.
const modules = process.env.PHP_MODULES ?? new URL("../node_modules", import.meta.url).pathname;
const load = (name) => import(pathToFileURL(join(modules, "@php-wasm", name, "index.js")).href);
const { loadNodeRuntime } = await load("node");
const { PHP } = await load("universal");
const { createSpawnHandler } = await load("util");

/** What the text of a program begins with that is to be run by PHP's command line. */
export const AS_COMMAND = "<?php /* command */";

const HERE = new URL("./library/", import.meta.url);

/** A PHP with an empty file system but for the library, which is at /library. */
export async function newPhp(url, echo = 0) {
  const php = new PHP(await loadNodeRuntime("8.3", { emscriptenOptions: { processId: 1 } }));
  // Programs that PHP starts: one that says a word and ends.
  await php.setSpawnHandler(
    createSpawnHandler(async (_command, api) => {
      api.notifySpawn();
      await new Promise((resolve) => setTimeout(resolve, 1));
      api.stdout("spawned\n");
      api.exit(0);
    }),
  );
  php.mkdir("/library");
  php.mkdir("/work");
  for (const name of ["wait.php", "surface.php", "objects.php"]) {
    const text = readFileSync(new URL(name, HERE), "utf8");
    const places = { URL: url, ECHO_PORT: echo, DB_PORT: process.env.DB_PORT ?? 0 };
    php.writeFile(`/library/${name}`, text.replace(/@(URL|ECHO_PORT|DB_PORT)@/g, (_, key) => places[key]));
  }
  php.chdir("/work");
  return php;
}
