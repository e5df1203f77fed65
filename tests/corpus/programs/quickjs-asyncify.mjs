// engines: node@20 node@24 node@26
// waits: asyncify
import variant from "@jitl/quickjs-wasmfile-release-asyncify";
import { runQuickJS } from "./quickjs.mjs";

await runQuickJS(variant);
