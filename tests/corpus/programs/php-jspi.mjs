// engines: node@24 node@26
// waits: jspi
// packages: ../../examples/php
import { runPHP } from "./php.mjs";

await runPHP();
