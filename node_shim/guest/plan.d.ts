// What Python says of an instance that is to be made: stackswitch/backends/node/guests/module.py writes it.

export interface HostFunctionPlan {
  module: string;
  name: string;
  /** Its number in host calls. */
  index: number;
  params: string[];
  results: string[];
  waits: boolean;
  /** It is one of WASI's. */
  wasi?: boolean;
  /** It is a function of a JavaScript module. */
  script: { path: string; name: string } | null;
  /** Slices of memory that Python is sent with each call: the numbers of the arguments with pointer and length. */
  reads: [number, number][];
}

export interface ExportPlan {
  name: string;
  params: string[];
  results: string[];
}

export interface GuestPlan {
  instance: number;
  module: number;
  /** The number of the call that its start function counts as. */
  call: number;
  imports: HostFunctionPlan[];
  exports: ExportPlan[];
  /** Names of the exported memories. */
  memories: string[];
  /** The exported global that counts the bytes by which memories may still grow; null: there is no limit. */
  counter: string | null;
  /** Whether calls may overlap. */
  concurrent: boolean;
  /** Whether Python is sent the stack with each host call. */
  stacks: boolean;
  /** How calls that overlap are kept apart. */
  calls: import("../jspi/switching.mjs").Calls;
  wasi: import("../wasi/guest-wasi.mjs").GuestWasiOptions | null;
}

/** What the instances of a thread share. */
export interface GuestThread {
  writer: import("../transport/frames.mjs").FrameWriter;
  calls: Map<number, import("./call.mjs").Call>;
  blocking: import("./blocking.mjs").BlockingLink;
}
