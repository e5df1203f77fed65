// Builds of modules, kept in a folder of the user's cache, where there is Node 20.16 or later.

/**
 * @param {string | null | undefined} cache the folder; undefined: one in the user's cache; null: none
 * @param {string} purpose the name of the folder in the cache
 * @returns {(bytes: Uint8Array, request: object, make: () => Uint8Array) => Uint8Array} what is kept for a module and a request, or is made
 */
export function buildCache(cache, purpose) {
  const { process } = globalThis;
  const builtin = process?.getBuiltinModule;
  if (cache === null || builtin === undefined) return (_bytes, _request, make) => make();
  const { createHash } = builtin("node:crypto");
  const fs = builtin("node:fs");
  const path = builtin("node:path");
  const { STACKSWITCH_CACHE: own, XDG_CACHE_HOME: xdg } = process.env;
  const shared = own || path.join(xdg || path.join(builtin("node:os").homedir(), ".cache"), "stackswitch");
  const folder = cache ?? path.join(shared, purpose);
  return (bytes, request, make) => {
    const hash = createHash("sha256").update(JSON.stringify(request)).update("\0").update(bytes);
    const file = path.join(folder, `${hash.digest("hex")}.wasm`);
    const kept = fs.existsSync(file) ? new Uint8Array(fs.readFileSync(file)) : null;
    if (kept !== null && WebAssembly.validate(kept)) return kept;
    const made = make();
    const partial = `${file}.${process.pid}`;
    fs.mkdirSync(folder, { recursive: true });
    fs.writeFileSync(partial, made);
    fs.renameSync(partial, file); // a process that reads meanwhile sees all of it, or nothing
    return made;
  };
}
