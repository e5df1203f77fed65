// node bundle.mjs BUNDLER KIND PLUGIN: bundles the program of this folder into `dist`, with the plugin's options (JSON; null: without the plugin).
// KIND is node, page, hook (esbuild: a page that installs the hook) or serve (Vite). `serve` prints the address, and serves until its input ends.

import { cpSync, writeFileSync } from "node:fs";

const [bundler, kind, given] = process.argv.slice(2);
const options = JSON.parse(given);
const HTML = (script) => `<!doctype html><link rel="icon" href="data:,"><script type="module" src="${script}"></script>`;

async function withEsbuild() {
  const { build } = await import("esbuild");
  const { reentrant } = await import("stackswitch-jspi/esbuild");
  await build({
    entryPoints: [`esbuild-${kind}.mjs`],
    bundle: true,
    format: "esm",
    outdir: "dist",
    platform: kind === "node" ? "node" : "browser",
    target: "es2024",
    loader: { ".wasm": kind === "node" ? "binary" : "file" },
    plugins: options === null ? [] : [reentrant(options)],
    logLevel: "error",
  });
  if (kind !== "node") writeFileSync("dist/index.html", HTML(`./esbuild-${kind}.js`));
}

async function withVite() {
  const vite = await import("vite");
  const { reentrant } = await import("stackswitch-jspi/vite");
  const plugins = options === null ? [] : [reentrant(options)];
  const shared = { configFile: false, logLevel: "error", plugins, root: process.cwd(), build: { target: "esnext", emptyOutDir: true } };
  writeFileSync("index.html", HTML("/vite-page.mjs"));
  if (kind === "node") {
    const build = { ...shared.build, ssr: "vite-node.mjs", ssrEmitAssets: true, assetsInlineLimit: 0 };
    return void (await vite.build({ ...shared, build }));
  }
  if (kind === "page") return void (await vite.build({ ...shared, base: "./" }));
  const server = await vite.createServer({ ...shared, server: { host: "127.0.0.1", port: 0 } });
  await server.listen();
  console.log(server.resolvedUrls.local[0]);
  process.stdin.resume().on("end", () => server.close().then(() => process.exit()));
}

await (bundler === "esbuild" ? withEsbuild() : withVite());
if (kind === "node") cpSync("package.json", "dist/package.json");
