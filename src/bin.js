#!/usr/bin/env -S node --max-semi-space-size=16
// The young generation may not take 100 MiB and more, which it would under load, and which makes a call 3 % faster.
import module from 'node:module';

const [major = 0, minor = 0, patch = 0] = process.versions.node.split('.').map(Number);
if (major < 24 || (major === 24 && (minor < 14 || (minor === 14 && patch < 1)))) {
  console.error(`tenantry needs Node 24.14.1 or later; this is ${process.version}`);
  process.exit(1);
}
module.enableCompileCache?.(); // Compiled code is kept for the next start.
// Node strips no types below node_modules: an installed package runs the JavaScript that `prepack` made.
const isInstalled = import.meta.url.includes('/node_modules/');
await import(isInstalled ? '../dist/src/main.js' : './main.ts');
