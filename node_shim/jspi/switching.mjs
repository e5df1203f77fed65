// Switching stacks by JSPI: what wraps the imports that wait and the exports that may be set aside.

import { concurrentJspi } from "./concurrent.mjs";

/** Whether this engine has the API; that it holds when hot, only a probe knows. */
export function hasJspi() {
  return typeof WebAssembly.Suspending === "function" && typeof WebAssembly.promising === "function";
}

/** @param plan of a case; its `separate_stacks` says whether calls that overlap get a C stack each */
export function jspiSwitching({ separate_stacks: separate = true } = {}) {
  return {
    /** Whether an import sets its caller aside though its result is there at once. */
    setsAsideAlways: true,
    canSetAside: () => true,
    ...concurrentJspi({ separate }),
  };
}
