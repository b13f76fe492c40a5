/** The only door for tools: all that a tool may import of the program, published as `tenantry/tool`. */
export type { AuditEvent } from '../audit/audit-event.ts';
export { path } from '../downstream/path.ts';
export { keyStatuses } from '../keys/key-record.ts';
export type { KeyView } from './bound-keys.ts';
export { defineTool, type Tool, type ToolDefinition } from './define-tool.ts';
export { cutPage, nextCursor, pageCursor, pageLimit } from './page.ts';
export { refuse } from './refuse.ts';
export type { Progress, ToolContext } from './tool-context.ts';
