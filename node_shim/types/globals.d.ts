// What TypeScript's own libraries lack or type more narrowly than engines are: WebAssembly with JSPI, stacks as V8 has
// them, and the few things of browsers and of other engines that the shim asks for.

declare namespace WebAssembly {
  type Pointer = number | bigint;
  /** What an instance exports. `any`: which kind a value has is asked at run time. */
  type Exports = Record<string, any>;
  type Imports = Record<string, any>;
  type ImportDescriptor = { module: string; name: string; kind: string; type?: any };
  type ExportDescriptor = { name: string; kind: string; type?: any };

  class Module {
    constructor(bytes: ArrayBufferView | ArrayBufferLike);
    static customSections(module: Module, name: string): ArrayBuffer[];
    static exports(module: Module): ExportDescriptor[];
    static imports(module: Module): ImportDescriptor[];
  }
  class Instance {
    constructor(module: Module, imports?: Imports);
    readonly exports: Exports;
  }
  class Memory {
    constructor(type: object);
    readonly buffer: ArrayBuffer;
    grow(pages: Pointer): Pointer;
    type?(): { minimum: Pointer };
  }
  class Table {
    constructor(type: object);
    readonly length: number;
    get(index: Pointer): any;
    grow(entries: Pointer): Pointer;
    set(index: Pointer, value?: any): void;
  }
  class Global {
    constructor(type: object, value?: any);
    value: any;
  }
  class Tag {
    constructor(type: object);
  }
  class Exception {
    constructor(tag: Tag, values: any[], options?: object);
  }
  class CompileError extends Error {}
  class LinkError extends Error {}
  class RuntimeError extends Error {}

  function compile(source: any, ...rest: any[]): Promise<Module>;
  function validate(bytes: ArrayBufferView | ArrayBufferLike): boolean;
  /** An instance of a module, or of bytes the pair of `WebAssembly.instantiate`. */
  var instantiate: (source: any, imports?: Imports, ...rest: any[]) => Promise<any>;
  var compileStreaming: ((source: any, ...rest: any[]) => Promise<Module>) | undefined;
  var instantiateStreaming: ((source: any, imports?: Imports, ...rest: any[]) => Promise<any>) | undefined;

  // JSPI, and the API that engines had before it.
  class Suspending {
    constructor(host: Function);
  }
  var promising: (exported: Function) => (...args: any[]) => Promise<any>;
  var SuspendError: (new (message?: string) => Error) | undefined;
  var JSTag: Tag | undefined;
  var Function: any;
  var Suspender: any;
}

interface ErrorConstructor {
  captureStackTrace(target: object, below?: Function): void;
  prepareStackTrace?: (error: Error, sites: NodeJS.CallSite[]) => any;
  stackTraceLimit: number;
}

declare namespace NodeJS {
  interface Process {
    _getActiveHandles(): any[];
    _exiting?: boolean;
  }
  interface CallSite {
    /** The function's index where the frame is one of wasm. */
    getFunction(): any;
    getPosition?(): number;
  }
}

declare var Deno: { version: { deno: string } } | undefined;
declare var Bun: { version: string } | undefined;
declare var Worker: any;
declare var location: { hash: string };
declare var onmessage: ((event: { data: any }) => void) | null;
declare var postMessage: ((message: any) => void) | undefined;

// Published data that support/package-lock.json pins; bin/support.mjs loads it from where it was installed.
declare module "@mdn/browser-compat-data";
declare module "browserslist";
declare module "node-releases/data/release-schedule/release-schedule.json";
