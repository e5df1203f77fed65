// Memory that the host grows, counted with what the guest grows (see stackswitch/wasm/growthcounter.py).

const PAGE = 65536n;

/** Have each growth of a memory taken off a counter, and refused where that says so. */
export function countGrowth(memory, counter) {
  const grow = memory.grow;
  Object.defineProperty(memory, "grow", {
    configurable: true,
    value(pages) {
      const bytes = BigInt(pages) * PAGE;
      if (bytes < 0n || bytes > counter.value) throw new RangeError(`the budget of the guest's memory leaves ${counter.value} bytes, not ${bytes}`);
      const before = grow.call(memory, pages);
      counter.value -= bytes;
      return before;
    },
  });
}
