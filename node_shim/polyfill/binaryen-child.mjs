// Run by instrument.mjs: a module on standard input, the instrumented one on standard output.
//
//   node binaryen-child.mjs '{"library", "imports", "globals", "optimizeLevel"}'
//
// `globals`: whether the module exports Asyncify's state, or imports it: it is one for all modules that share a memory.

import { readFileSync, writeSync } from "node:fs";
import { pathToFileURL } from "node:url";

const { library, imports, globals, optimizeLevel } = JSON.parse(process.argv[2]);
const { default: binaryen } = await import(pathToFileURL(library).href);

/** What changes how a module is written, or no engine without JSPI has. */
const UNUSED = ["CompactImports", "CustomPageSizes", "FP16", "SharedEverything", "StackSwitching", "Strings", "WideArithmetic"];
const MALLOC = "malloc";
const STACK_POINTER = "__stack_pointer";
/** A memory for saved stacks only, for a module that has none: its name (see instance-memory.mjs) and size. */
const OWN_MEMORY = "stackswitch.saved_stacks";
const OWN_PAGES = 17;

const { All, ...each } = binaryen.Features;
const module = binaryen.readBinary(new Uint8Array(readFileSync(0)));
module.setFeatures(Object.entries(each).reduce((sum, [name, flag]) => (UNUSED.includes(name) ? sum : sum | flag), 0));
binaryen.setDebugInfo(true);
binaryen.setOptimizeLevel(optimizeLevel);
binaryen.setPassArgument("asyncify-imports", imports.join(",") || "none.none");
binaryen.setPassArgument(`asyncify-${globals}-globals`, "1");
exportRoom();
if (!module.hasMemory()) module.setMemory(OWN_PAGES, OWN_PAGES, OWN_MEMORY);
instrument();
exportMemory();
write(module.emitBinary());

/** What the polyfill needs, if the module has it and keeps it to itself. */
function exportRoom() {
  const exported = new Set(Array.from({ length: module.getNumExports() }, (_, i) => binaryen.getExportInfo(module.getExportByIndex(i)).name));
  if (!exported.has(MALLOC) && module.getFunction(MALLOC)) module.addFunctionExport(MALLOC, MALLOC);
  if (!exported.has(STACK_POINTER) && module.getGlobal(STACK_POINTER)) module.addGlobalExport(STACK_POINTER, STACK_POINTER);
}

/** What Binaryen has to say is lost with it. */
function instrument() {
  try {
    module.runPasses(["asyncify"]);
  } catch {
    console.error("Error: Asyncify cannot do it: the module has tail calls, or references in a function that waits (`stackswitch analyze` names them)");
    process.exit(1);
  }
}

function exportMemory() {
  const names = Array.from({ length: module.getNumExports() }, (_, i) => binaryen.getExportInfo(module.getExportByIndex(i)));
  const isExported = names.some(({ kind }) => kind === binaryen.ExternalMemory);
  if (module.hasMemory() && !isExported && !module.getMemoryInfo().module) module.addMemoryExport("0", "stackswitch.memory");
}

/** @param {Uint8Array} bytes */
function write(bytes) {
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(1, bytes, at);
    } catch (error) {
      if (error.code !== "EAGAIN") throw error;
    }
  }
}
