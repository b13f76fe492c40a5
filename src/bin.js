#!/usr/bin/env -S node --max-semi-space-size=16
// The young generation may not take 100 MiB and more, which it would under load, and which makes a call 3 % faster.
// Nothing here may be newer than what a Node of years ago can read, or it could not say that it is too old.
const args = process.argv.slice(2);
const parts = process.versions.node.split('.').map(Number);
if (parts[0] < 24 || (parts[0] === 24 && (parts[1] < 14 || (parts[1] === 14 && parts[2] < 1)))) {
  const again = [process.argv[1]].concat(args).map((word) => (/^[\w./:=@,-]+$/.test(word) ? word : "'…'"));
  console.error(
    `tenantry needs Node 24.14.1 or later; this is ${process.version}. Type "npx -y node@24 ${again.join(' ')}", or have Node 24 by "nvm install 24" or "fnm use --install-if-missing 24"`,
  );
  process.exit(1);
}

async function start() {
  const { default: module } = await import('node:module');
  const { fileURLToPath } = await import('node:url');
  // Node strips no types below node_modules: an installed package runs the JavaScript that `prepack` made.
  const isInstalled = import.meta.url.includes('/node_modules/');
  // Compiled code is kept for the next start; NODE_COMPILE_CACHE, where it is set, stands before this.
  const { compileCacheFolder } = await import(
    isInstalled ? '../dist/src/server/compile-cache.js' : './server/compile-cache.ts'
  );
  const user = process.getuid === undefined ? undefined : process.getuid();
  const cacheFolder = compileCacheFolder(fileURLToPath(new URL('..', import.meta.url)), user);
  if (cacheFolder !== undefined) module.enableCompileCache(cacheFolder);
  await import(isInstalled ? '../dist/src/main.js' : './main.ts');
}

start();
