// Results of a function as the boundary between wasm and JavaScript has them: nothing, one value, or an array of several.

/**
 * @param {any} result
 * @param {number} count
 * @returns {any[]}
 */
export function resultList(result, count) {
  if (count === 0) return [];
  return count === 1 ? [result] : [...result];
}

/**
 * The reverse: what a host function returns.
 *
 * @param {any[]} list
 */
export function resultValue(list) {
  return list.length === 0 ? undefined : list.length === 1 ? list[0] : list;
}
