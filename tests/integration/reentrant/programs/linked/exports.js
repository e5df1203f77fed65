// Emscripten 6: exports as -sJSPI makes them.
Module.export = Module.promising = (library, name) =>
  library ? LDSO.loadedLibsByName[library].exports[name] : wasmExports[name];
globalThis.begin(Module);
