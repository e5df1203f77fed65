// A Vite plugin: modules that the program imports (`?init`, `?url`) or names (`new URL("app.wasm", import.meta.url)`) are made
// re-entrant. They lie in Vite's cache, by their contents: the names of files in a build follow from what is in them.

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";

import { reentrantFile } from "./build.mjs";

const IMPORTED = /^([^?]+\.wasm)(\?(?:init|url)(?:&.*)?)$/;
const NAMED = /new URL\(\s*(["'`])((?:\.{0,2}\/)?[^"'`:$]+\.wasm)\1\s*,\s*import\.meta\.url\s*\)/g;

/** @param {import("./build.mjs").Choice} options */
export function reentrant(options) {
  let folder = "";

  /** @param {string} path @returns the path of the module that takes its place */
  function made(path) {
    const wasm = reentrantFile(path, options);
    if (wasm === null) return path;
    const file = join(folder, createHash("sha256").update(wasm).digest("hex").slice(0, 16), basename(path));
    if (!existsSync(file)) {
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(`${file}.${process.pid}`, wasm);
      renameSync(`${file}.${process.pid}`, file);
    }
    return file;
  }

  return {
    name: "stackswitch-reentrant",
    enforce: /** @type {const} */ ("pre"),
    /** @param {{cacheDir: string}} config */
    configResolved({ cacheDir }) {
      folder = resolve(cacheDir, "stackswitch-jspi");
    },
    /** @this {any} @param {string} source @param {string | undefined} importer */
    async resolveId(source, importer) {
      const [, path, query] = IMPORTED.exec(source) ?? [];
      if (path === undefined || source.startsWith(folder)) return null;
      const found = await this.resolve(path, importer, { skipSelf: true });
      if (found === null) return null;
      this.addWatchFile?.(found.id);
      return made(found.id) + query;
    },
    /** @param {string} code @param {string} id */
    transform(code, id) {
      if (!code.includes(".wasm")) return null;
      const from = dirname(id.split("?")[0]);
      const changed = code.replace(NAMED, (whole, _quote, name) => {
        const path = resolve(from, name);
        if (!existsSync(path)) return whole;
        const target = relative(from, made(path)).replaceAll("\\", "/");
        return `new URL(${JSON.stringify(target.startsWith(".") ? target : `./${target}`)}, import.meta.url)`;
      });
      return changed === code ? null : { code: changed, map: null };
    },
  };
}
