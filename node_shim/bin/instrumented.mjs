// Preloaded (--import, after observe.cjs) where a program that was written for JSPI is to run on Asyncify builds: its modules
// are replaced by instrumented ones as they are compiled, and the polyfill is JSPI to it, even where the engine has its own.

import { replaceModules } from "../commands/replace-modules.mjs";
import { install } from "../polyfill.mjs";

const { STACKSWITCH_BUILDS: folder, STACKSWITCH_STACK_BYTES: bytes } = process.env;

const INSTALLED = Symbol.for("stackswitch.instrumented");

if (folder && !Reflect.get(globalThis, INSTALLED)) {
  Object.defineProperty(globalThis, INSTALLED, { value: true });
  // A build may be instrumented for those imports only that were seen to wait: the others return at once.
  install({ force: true, stackBytes: bytes ? Number(bytes) : undefined, suspendAlways: false });
  replaceModules(folder);
}
