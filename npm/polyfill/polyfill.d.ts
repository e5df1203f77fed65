export interface Options {
  /** Room for one saved stack (bytes). Default: 1 MiB, or all of a memory that the build keeps for saved stacks. */
  stackBytes?: number;
  /** Set a call aside even where the import returned no promise, as engines do. Default: false. */
  suspendAlways?: boolean;
}

export interface InstallOptions extends Options {
  /** Install it though the engine has its own. */
  force?: boolean;
  /** Where: default `globalThis.WebAssembly`. */
  target?: object;
}

/** Install `Suspending`, `promising` and `SuspendError`; returns what takes them back, or null: the engine has its own. */
export function install(options?: InstallOptions): (() => void) | null;

/** Whether the engine has JSPI's functions. */
export function hasNativeJspi(target?: object): boolean;

/** The guest broke Asyncify's protocol, or its stack has no room; `rule` says how. */
export class AsyncifyError extends WebAssembly.RuntimeError {
  readonly rule: string;
}

type Exported = (...args: any[]) => unknown;
type Types = object | null;

export interface Switching {
  Suspending: new (host: (...args: any[]) => unknown) => object;
  SuspendError: new (message?: string) => Error;
  promising(exported: Exported): (...args: any[]) => Promise<any>;
  /** Read the types of a module's imports from its bytes. */
  read(bytes: BufferSource): Types;
  /** Tell the types of a module that was compiled from the bytes that were read. */
  remember(module: WebAssembly.Module, types: Types): WebAssembly.Module;
  instantiate(module: WebAssembly.Module, imports?: object): WebAssembly.Instance;
}

/** The same without touching `WebAssembly`. */
export function createSwitching(options?: Options): Switching;
