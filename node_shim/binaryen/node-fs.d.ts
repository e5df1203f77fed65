// The part of node:fs that Binaryen's tools call.

type Transfer = (fd: number, buffer: Uint8Array, offset: number, length: number, position?: number | null) => number;

export interface FileFunctions {
  constants: typeof import("node:fs").constants;
  openSync(path: string, flags: number): number;
  closeSync(fd: number): void;
  readSync: Transfer;
  writeSync: Transfer;
  statSync(path: string): object;
  lstatSync(path: string): object;
  fstatSync(fd: number): object;
  ftruncateSync(fd: number, length: number): void;
  unlinkSync(path: string): void;
}
