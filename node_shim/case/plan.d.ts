// A case as Python gives it to the interpreter: stackswitch/backends/node/cases/plan.py writes it. Values are text
// (values.mjs); nothing is left out, null stands for "none".

export interface Signature {
  params: string[];
  results: string[];
}

export interface ImportPlan extends Signature {
  module: string;
  name: string;
  kind: string;
}

export interface InstancePlan {
  name: string;
  imports: ImportPlan[];
  functions: Record<string, Signature>;
  tables: Record<string, { is64: boolean }>;
  globals: Record<string, string>;
  memory: { name: string; is64: boolean } | null;
  /** How calls on this instance are kept apart. */
  calls?: import("../jspi/switching.mjs").Calls;
}

export interface FailurePlan {
  message: string;
  tag: string | null;
  values: string[];
}

export interface ReentryPlan {
  when: "before" | "during";
  instance: string | null;
  export: string;
  args: string[];
  suspending: boolean;
  values: string[] | null;
}

/** What one call of an import does, or the next `times` calls. */
export interface HostEntry {
  args: string[] | null;
  returns: string[];
  delay_ms: number | null;
  gate: string | null;
  throws: FailurePlan | null;
  rejects: FailurePlan | null;
  writes: { at: number | string; hex: string }[];
  grows: number;
  sets: { name: string; value: string }[];
  table_sets: { table: string; index: number; export: string | null }[];
  calls: ReentryPlan[];
  times: number;
}

/** One of `call`, `start`, `finish`, `cancel`, `release` and `settle_ms` says what the step does. */
export interface Step {
  call: string | null;
  start: string | null;
  finish: string | null;
  cancel: string | null;
  release: string | null;
  settle_ms: number | null;
  export: string | null;
  instance: string;
  args: string[];
  copies: number;
  fresh: boolean;
  memory: { at: number; size: number }[];
  globals: string[];
}

export interface AsyncifyPlan {
  /** Room for one saved stack; null: the usual size. */
  buffer_bytes: number | null;
  /** By instance, the functions that its build has instrumented, and the imports it was told of; null: all that is needed. */
  guard: { instrumented: Record<string, number[]>; imports: string[] } | null;
}

export interface CasePlan {
  instances: InstancePlan[];
  host: Record<string, HostEntry[]>;
  waiting: string[];
  exports: string[];
  imports: string[];
  asyncify?: AsyncifyPlan | null;
  wasi: import("../wasi/preview1.mjs").WasiOptions | null;
  steps: Step[];
}

/** A frame of the guest: module URL, function index, offset. */
export type Frame = [string, number, number];

/** How stacks are switched: `JspiSwitching` or `AsyncifySwitching`. */
export interface CaseSwitching {
  readonly suspendsAlways: boolean;
  readonly notes: Set<string>;
  suspending(host: Function): object;
  promising(exported: Function, options?: { isNested?: boolean }): import("../jspi/switching.mjs").Entry;
  plain(exported: any): (...args: any[]) => any;
  compile(bytes: Uint8Array): WebAssembly.Module;
  instantiate(module: WebAssembly.Module, imports: WebAssembly.Imports, calls?: import("../jspi/switching.mjs").Calls): WebAssembly.Instance;
  /** Whether the frames of a wait can all be saved. To be called before an unwind: a guest with a frame that cannot is lost. */
  canSuspend(instance: string, importName: string, frames: Frame[]): boolean;
  restoresPointer(exported: Function): boolean;
}

/** Which call host code belongs to, where the engine does not say. */
export interface CallContext {
  run<T>(call: import("./instance.mjs").Call, action: () => T): T;
  current(): import("./instance.mjs").Call | undefined;
}

export interface Environment {
  switching: CaseSwitching;
  calls: CallContext;
}
