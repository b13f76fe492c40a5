// What `tenantry/tool` publishes: the source in a clone, what `prepack` made of it in an installed package.
const isInstalled = import.meta.url.includes('/node_modules/');
const door = await import(isInstalled ? '../dist/src/tool/public.js' : './tool/public.ts');

export const { AppError, cutPage, defineTool, delay, nextCursor, pageCursor, pageLimit, path } = door;
