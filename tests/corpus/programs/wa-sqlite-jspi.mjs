// engines: node@24 node@26
// waits: jspi
import factory from "@journeyapps/wa-sqlite/dist/wa-sqlite-jspi.mjs";
import { runFacade } from "./wa-sqlite.mjs";

await runFacade(factory, "@journeyapps/wa-sqlite/dist/wa-sqlite-jspi.wasm");
