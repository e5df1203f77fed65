// Four calls of kinds.wat that overlap: one ends before the others begin. Each returns its argument if its frame is its own.

export const RIGHT = [1, 2, 3, 4];

/** @param {(imports: object) => Promise<WebAssembly.Instance>} instantiate */
export async function overlap(instantiate) {
  const tick = () => new Promise((resolve) => setTimeout(resolve, 0));
  const waits = [];
  const wait = new WebAssembly.Suspending((value) => new Promise((resolve) => waits.push(() => resolve(value))));
  const { exports } = await instantiate({ env: { wait, begin: () => 0 } });
  const work = WebAssembly.promising(exports.work);
  const calls = [work(1), work(2)];
  await tick();
  waits.shift()();
  await calls[0];
  calls.push(work(3), work(4));
  await tick();
  for (const each of waits) each();
  return Promise.all(calls);
}
