// The plugins are what the bundlers take.

import type { Plugin as EsbuildPlugin } from "esbuild";
import type { Plugin as VitePlugin } from "vite";
import { reentrant as forEsbuild } from "stackswitch-jspi/esbuild";
import { reentrant as forVite } from "stackswitch-jspi/vite";

export const plugins: [EsbuildPlugin, VitePlugin] = [forEsbuild({ suspend: ["env.wait"] }), forVite({ glueFile: "app.js" })];
