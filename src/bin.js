#!/usr/bin/env node
// Node strips no types below node_modules: an installed package runs the JavaScript that `prepack` made.
const isInstalled = import.meta.url.includes('/node_modules/');
await import(isInstalled ? '../dist/src/main.js' : './main.ts');
