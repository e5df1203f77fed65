// Preloaded (--import, after observe.cjs) where a program that was written for JSPI is to run on Asyncify builds: its modules
// are swapped for instrumented ones as they are compiled, and the polyfill is JSPI to it, even where the engine has its own.

import { installSwap } from "../commands/swap.mjs";
import { install } from "../polyfill.mjs";

const { STACKSWITCH_BUILDS: folder, STACKSWITCH_STACK_BYTES: bytes } = process.env;

const INSTALLED = Symbol.for("stackswitch.instrumented");

if (folder && !Reflect.get(globalThis, INSTALLED)) {
  Object.defineProperty(globalThis, INSTALLED, { value: true });
  install({ force: true, stackBytes: bytes ? Number(bytes) : undefined });
  installSwap(folder);
}
