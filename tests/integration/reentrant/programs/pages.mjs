// Runs functions of these programs here, or in a page of a browser.
import { readFileSync } from "node:fs";

const POLL_MS = 100;

/**
 * @param {string} file a program that imports nothing
 * @param {string} name what it exports: a function of a module's bytes and options
 * @param {Uint8Array} bytes
 * @param {object} options
 * @param {string[]} browser its kind, its program, the packages that drive it, our launcher; empty: run here
 */
export async function run(file, name, bytes, options, browser) {
  const source = new URL(file, import.meta.url);
  if (!browser.length) return (await import(source))[name](bytes, options);
  const [kind, program, packages, launcher] = browser;
  const { close, launch } = await import(launcher);
  const [started] = await launch({ browser: kind, program, packages, flags: [] });
  try {
    const page = await started.newPage();
    const script = JSON.stringify(`data:text/javascript;base64,${readFileSync(source).toString("base64")}`);
    const text = JSON.stringify(Buffer.from(bytes).toString("base64"));
    const call = `program.${name}(Uint8Array.from(atob(${text}), (each) => each.charCodeAt(0)), ${JSON.stringify(options)})`;
    // A driver gives up an evaluation that takes minutes, so the page keeps the end, and is asked for it.
    const keep = "(value) => (globalThis.ended = { value }), (error) => (globalThis.ended = { error: `${error}` })";
    await page.evaluate(`void import(${script}).then((program) => ${call}).then(${keep})`);
    for (;;) {
      const ended = await page.evaluate("globalThis.ended");
      if (ended?.error) throw new Error(ended.error);
      if (ended) return ended.value;
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  } finally {
    await close(started);
  }
}
