const TYPE = /^application\/wasm\s*(;|$)/i;

/**
 * Read a response that is to be compiled as it comes.
 *
 * @param {any} source a response, or a promise of one
 * @returns {Promise<{response: any, bytes: ArrayBuffer | null}>} `bytes`: null where the engine would refuse the response: give
 *   it that, so that it says why
 */
export async function readResponse(source) {
  const response = await source;
  const type = response.headers?.get("content-type") ?? "";
  return { response, bytes: response.ok && TYPE.test(type) ? await response.arrayBuffer() : null };
}
