// In which functions a Worker computes, whatever other Workers there are: by a short CPU profile of it. It has no offsets.

const SAMPLING_MS = 50;
const TIMEOUT_MS = 8000; // milliseconds on an idle machine; seconds on one with ten times more to do than it has processors
const FRAMES_LIMIT = 50;

/** @type {(ms: number, value?: any) => Promise<any>} */
export const later = (ms, value) => new Promise((resolve) => setTimeout(resolve, ms, value).unref());

/**
 * @param {any} worker
 * @returns {Promise<{functions?: number[], problem?: string}>} innermost first, where in its module each function starts
 */
export async function functionsOf(worker) {
  if (typeof worker.startCpuProfile !== "function") {
    return { problem: `Node ${process.versions.node} cannot profile a Worker (24.8 and later can)` };
  }
  return await Promise.race([profiled(worker), later(TIMEOUT_MS, { problem: `there was no profile within ${TIMEOUT_MS} ms` })]);
}

/** @param {any} worker */
async function profiled(worker) {
  try {
    const running = await worker.startCpuProfile();
    await later(SAMPLING_MS);
    const found = await running.stop();
    return { functions: innermostFirst(typeof found === "string" ? JSON.parse(found) : found) };
  } catch (error) {
    return { problem: String(error?.message ?? error) };
  }
}

/**
 * The stack of the last sample that has frames of wasm.
 *
 * @param {{nodes: any[], samples: number[]}} profile
 */
function innermostFirst({ nodes, samples }) {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const parents = new Map(nodes.flatMap(({ id, children = [] }) => children.map((/** @type {number} */ child) => [child, id])));
  for (const sample of samples.reverse()) {
    const found = [];
    for (let id = sample; id !== undefined; id = parents.get(id)) {
      const { url, functionName, columnNumber } = byId.get(id).callFrame;
      // What V8 makes to get from JavaScript into wasm bears the function's place, too.
      if (url.startsWith("wasm://") && !functionName.startsWith("js-to-wasm")) found.push(columnNumber);
    }
    if (found.length > 0) return found.slice(0, FRAMES_LIMIT);
  }
  return [];
}
