// Stand-ins for a module's imports, which are given as data (`stackswitch/engines/stubs.py`).

/** @param {string} type @returns {0 | 0n | null} */
export const zero = (type) => (type === "i64" ? 0n : type.endsWith("ref") ? null : 0);

/** @type {(wanted: {module: string, name: string, kind: string, type: any}[]) => WebAssembly.Imports} */
export function stubs(wanted) {
  /** @type {Record<string, (type: any) => any>} */
  const make = {
    func: ({ results }) => {
      const values = results.map(zero);
      return () => (values.length > 1 ? values : values[0]);
    },
    memory: (type) => new WebAssembly.Memory(type),
    table: (type) => new WebAssembly.Table(type),
    global: (type) => new WebAssembly.Global(type, zero(type.value)),
    tag: (type) => new WebAssembly.Tag(type),
  };
  /** @type {WebAssembly.Imports} */
  const made = {};
  for (const { module: from, name, kind, type } of wanted) (made[from] ??= {})[name] = make[kind](type);
  return made;
}
