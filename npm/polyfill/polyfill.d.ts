export interface Options {
  /** Room for one saved stack (bytes). Default: 1 MiB, or all of a memory that the build keeps for saved stacks. */
  stackBytes?: number;
  /** The C stack of a call that begins while others wait (bytes). Default: as large as the guest's own, if known, at most 1 MiB. */
  cStackBytes?: number;
  /**
   * Add pages to the memory of a guest that exports no `malloc`. Default: only if the module never looks at the size of its
   * memory. Otherwise its own allocator may take the pages for its own.
   */
  growMemory?: boolean;
  /** Suspend a call even where the import returned no promise, as the specification says. Default: true. */
  suspendAlways?: boolean;
  /**
   * Instrument modules that are no Asyncify builds and have imports that wait, as they are instantiated. Needs Node 20.16 or later,
   * and npm's `binaryen`. Default: false.
   */
  instrument?: boolean | InstrumentOptions;
}

export interface InstrumentOptions {
  /** The file `index.js` of npm's `binaryen`. Default: as the program's folder resolves it. */
  binaryen?: string;
  /** The folder for what was instrumented; null: none. Default: `$STACKSWITCH_CACHE/polyfill`, or one in the user's cache. */
  cache?: string | null;
  /** How much the instrumented functions are optimised, 0 to 4. Default: 1. */
  optimizeLevel?: number;
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
  SuspendError: typeof Error;
  promising(exported: Exported): (...args: any[]) => Promise<any>;
  /** Read the types of a module's functions from its bytes. */
  read(bytes: BufferSource): Types;
  /** Note the types of a module that was compiled from the bytes that were read. */
  remember(module: WebAssembly.Module, types: Types): WebAssembly.Module;
  instantiate(module: WebAssembly.Module, imports?: object): WebAssembly.Instance;
}

/** The same without touching `WebAssembly`. */
export function createSwitching(options?: Options): Switching;
