// WebAssembly's JavaScript Promise Integration (JSPI) over Asyncify: docs/polyfill.md. No import here is of one engine.

export { AsyncifyError } from "./polyfill/errors.mjs";
export { createSwitching } from "./polyfill/core.mjs";
export { install } from "./polyfill/install.mjs";
export { hasNativeJspi } from "./polyfill/values.mjs";
