// Wraps a function so that it keeps its number of parameters.

/**
 * A function that runs `enter`, the host, `convert` on its result, and `leave`. Where the number of parameters is known it has that many: engines
 * call such functions sooner than those with rest parameters.
 *
 * @param {Function} host
 * @param {number | undefined} arity
 * @param {() => void} enter
 * @param {(value: unknown) => unknown} convert
 * @param {() => void} leave
 */
export function withArity(host, arity, enter, convert, leave) {
  switch (arity) {
    case 0:
      return () => {
        enter();
        try {
          return convert(host());
        } finally {
          leave();
        }
      };
    case 1:
      return (/** @type {unknown} */ a) => {
        enter();
        try {
          return convert(host(a));
        } finally {
          leave();
        }
      };
    case 2:
      return (/** @type {unknown} */ a, /** @type {unknown} */ b) => {
        enter();
        try {
          return convert(host(a, b));
        } finally {
          leave();
        }
      };
    case 3:
      return (/** @type {unknown} */ a, /** @type {unknown} */ b, /** @type {unknown} */ c) => {
        enter();
        try {
          return convert(host(a, b, c));
        } finally {
          leave();
        }
      };
    default:
      return (/** @type {unknown[]} */ ...args) => {
        enter();
        try {
          return convert(host(...args));
        } finally {
          leave();
        }
      };
  }
}
