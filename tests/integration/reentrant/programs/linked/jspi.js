// What Emscripten 6 does for -sJSPI, for 3.1.6, whose glue has no JSPI as engines have it today.
asmLibraryArg.pause_for = new WebAssembly.Suspending(asmLibraryArg.pause_for);
Module.export = (library, name) => (library ? LDSO.loadedLibsByName[library].module : Module.asm)[name];
Module.promising = (library, name) => WebAssembly.promising(Module.export(library, name));
globalThis.begin(Module);
