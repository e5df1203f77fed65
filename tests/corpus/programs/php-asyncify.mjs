// engines: node@20 node@24 node@26
// waits: asyncify
// packages: ../../examples/php
// finds: missing-function
// Its glue takes the Asyncify build where JSPI is not there.
import { runPHP } from "./php.mjs";

delete WebAssembly.Suspending;
await runPHP();
