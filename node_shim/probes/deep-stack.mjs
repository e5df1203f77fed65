// how deep a call on a suspendable stack can go, in small frames
// needs jspi
// deep

/** @type {(call: () => any, count: WebAssembly.Global) => Promise<string>} */
function depthOf(call, count) {
  count.value = 0;
  return Promise.resolve()
    .then(call)
    .then(
      () => "no end",
      (error) => `${error?.name}: ${error?.message}`,
    );
}

/** @param {import("../detect/run.mjs").ProbeTools} tools */
export default async function probe({ bytesOf, seen }) {
  const env = { wait: new WebAssembly.Suspending(async () => 0) };
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytesOf("depth")), { env });
  const own = await depthOf(() => exports.down(), exports.count);
  const ownDepth = exports.count.value;
  await seen({ plain_frames: ownDepth });
  const error = await depthOf(() => WebAssembly.promising(exports.down)(), exports.count);
  const frames = exports.count.value;
  const facts = { frames, plain_frames: ownDepth, error, plain_error: own };
  return { shown: "yes", why: `${frames} frames (${ownDepth} on the plain stack)`, facts };
}
