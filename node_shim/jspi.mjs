// Switching stacks by JSPI: what wraps the imports that wait and the exports that may be set aside.

export const jspi = {
  /** Whether this engine has the API; that it holds when hot, only a probe knows. */
  get available() {
    return typeof WebAssembly.Suspending === "function" && typeof WebAssembly.promising === "function";
  },
  /** Whether an import sets its caller aside though its result is there at once. */
  setsAsideAlways: true,
  suspending: (host) => new WebAssembly.Suspending(host),
  promising: (exported) => WebAssembly.promising(exported),
  compile: (bytes) => new WebAssembly.Module(bytes),
  instantiate: (module, imports) => new WebAssembly.Instance(module, imports),
  canSetAside: () => true,
};
