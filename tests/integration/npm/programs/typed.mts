// A program in TypeScript that uses what the package declares.

import { hasNativeJspi, install } from "stackswitch-jspi";
import { installReentrant } from "stackswitch-jspi/hook";
import { makeReentrant, ModuleRefusedError, type ReentrantOptions } from "stackswitch-jspi/reentrant";
import { reentrant as forEsbuild } from "stackswitch-jspi/esbuild";
import { reentrant as forVite } from "stackswitch-jspi/vite";

const undo: (() => void) | null = hasNativeJspi() ? installReentrant({ refused: "throw", region: 131072 }) : install({ stackBytes: 65536 });
undo?.();
const options: ReentrantOptions = { suspend: ["env.wait"], promise: ["go"] };
try {
  const wasm: Uint8Array = makeReentrant(new Uint8Array(8), options).wasm;
  console.log(wasm.length, forEsbuild(options).name, forVite((path) => (path.endsWith("app.wasm") ? options : null)).enforce === "pre");
} catch (error) {
  if (error instanceof ModuleRefusedError) console.log(error.reason);
}
// @ts-expect-error: there is no such option
makeReentrant(new Uint8Array(8), { suspends: [] });
