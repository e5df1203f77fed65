/**
 * @param {string} hex
 * @returns the bytes that two digits each stand for
 */
export const fromHex = (hex) => Uint8Array.from(hex.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));
