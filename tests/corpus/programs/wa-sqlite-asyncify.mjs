// engines: node@20 node@24 node@26
// waits: asyncify
import factory from "@journeyapps/wa-sqlite/dist/wa-sqlite-async.mjs";
import { runFacade } from "./wa-sqlite.mjs";

await runFacade(factory, "@journeyapps/wa-sqlite/dist/wa-sqlite-async.wasm");
