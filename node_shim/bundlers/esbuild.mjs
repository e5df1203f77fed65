// An esbuild plugin: modules that are imported are made re-entrant.

import { reentrantFile } from "./build.mjs";

/** @param {import("./build.mjs").Choice} options */
export const reentrant = (options) => ({
  name: "stackswitch-reentrant",
  /** @param {any} build */
  setup(build) {
    build.onLoad({ filter: /\.wasm$/ }, (/** @type {{path: string}} */ { path }) => {
      const contents = reentrantFile(path, options);
      return contents === null ? undefined : { contents, loader: build.initialOptions.loader?.[".wasm"] ?? "file" };
    });
  },
});
