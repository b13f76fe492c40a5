/** What a package of tools imports, as `tenantry/tool`. `src/tool.js` exports these values and no others. */
export { path } from '../downstream/path.ts';
export { AppError } from '../errors.ts';
export type { ToolContent } from './content.ts';
export type { Progress, ToolContext } from './context/tool-context.ts';
export { defineTool, type Tool, type ToolDefinition } from './define-tool.ts';
export { delay } from './delay.ts';
export { cutPage, nextCursor, pageCursor, pageLimit } from './page.ts';
