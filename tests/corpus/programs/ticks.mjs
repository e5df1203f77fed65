// What the programs share: a call of the guest, and the order of ticks around it.

export const show = (...what) => console.log(...what);

/**
 * Call the guest among promise jobs, ticks and immediates, and show in which order all of it happened. `immediates`: false
 * where the guest's own glue waits for timers or files, which come before or after an immediate.
 */
export async function among(name, call, { immediates = true } = {}) {
  const say = (what) => () => show(name, what);
  let jobs = Promise.resolve();
  for (let n = 0; n < 4; n++) jobs = jobs.then(say(`job ${n}`));
  process.nextTick(say("tick"));
  if (immediates) setImmediate(say("immediate"));
  const result = call();
  show(name, "called");
  Promise.resolve(result).finally(say("settled")).catch(() => {});
  show(name, "result", await result);
}

/** What the guest waits for: a promise job, or a turn of the event loop. */
export const job = async (value) => value;
export const turn = (value) => new Promise((done) => setImmediate(done, value));
