// Modules for the tests, put together from a few lines: enough of an assembler for calls and constants.

import { leb, name, vector } from "../wasm/encode.mjs";

const TYPES = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c, externref: 0x6f, funcref: 0x70 };
const KINDS = { func: 0, table: 1, memory: 2, global: 3, tag: 4 };

const section = (id, content) => (content === null ? [] : [id, ...leb(content.length), ...content]);
const signature = ([params, results]) => [0x60, ...vector(params.map((t) => [TYPES[t]])), ...vector(results.map((t) => [TYPES[t]]))];

/** Codes of the instructions that the tests use; what they take follows as numbers below 64. */
export const op = {
  unreachable: 0x00, nop: 0x01, call: 0x10, drop: 0x1a, get: 0x20, i32: 0x41, add: 0x6a,
};

/**
 * @param imports `[module, name, params, results]` each
 * @param functions `{params, results, code, exported}` each
 * @param memory pages of an exported memory "memory"
 */
export function assemble({ imports = [], functions = [], memory = null, start = null }) {
  const types = [...imports.map(([, , params, results]) => [params, results]), ...functions.map((f) => [f.params ?? [], f.results ?? []])];
  const exported = functions.flatMap((f, i) => (f.exported ? [[...name(f.exported), KINDS.func, ...leb(imports.length + i)]] : []));
  if (memory !== null) exported.push([...name("memory"), KINDS.memory, 0]);
  const bodies = functions.map((f) => vector([0, ...f.code, 0x0b].map((byte) => [byte])));
  return Uint8Array.from([
    0, 0x61, 0x73, 0x6d, 1, 0, 0, 0,
    ...section(1, vector(types.map(signature))),
    ...section(2, vector(imports.map(([module, field], i) => [...name(module), ...name(field), KINDS.func, ...leb(i)]))),
    ...section(3, vector(functions.map((_, i) => leb(imports.length + i)))),
    ...section(5, memory === null ? null : vector([[0, memory]])),
    ...section(7, vector(exported)),
    ...section(8, start === null ? null : leb(start)),
    ...section(10, vector(bodies)),
  ]);
}

const boundary = (params = [], results = []) => ({ params, results });
const entryDefaults = {
  args: null, returns: [], delay_ms: null, gate: null, throws: null, rejects: null,
  writes: [], grows: 0, sets: [], table_sets: [], calls: [], times: 1,
};
const stepDefaults = {
  call: null, start: null, finish: null, cancel: null, release: null, settle_ms: null, export: null,
  args: [], instance: "main", copies: 1, fresh: false, memory: [], globals: [],
};

/** A plan for one instance `main`, as stackswitch/backends/node/cases/plan.py writes it. */
export function plan({ module, host = {}, waiting = [], exports, imports, steps, wasi = null }) {
  const functions = {};
  for (const f of module.functions ?? []) if (f.exported) functions[f.exported] = boundary(f.params, f.results);
  return {
    instances: [
      {
        name: "main",
        imports: (module.imports ?? []).map(([from, field, params, results]) => ({ module: from, name: field, kind: "func", params, results })),
        functions,
        tables: {},
        globals: {},
        memory: module.memory == null ? null : { name: "memory", is64: false },
      },
    ],
    host: Object.fromEntries(Object.entries(host).map(([key, entries]) => [key, entries.map((entry) => ({ ...entryDefaults, ...entry }))])),
    waiting,
    exports: exports ?? Object.keys(functions),
    imports: imports ?? waiting,
    wasi,
    steps: steps.map((step) => ({ ...stepDefaults, ...step })),
  };
}
