/** Where a request arrives; together with the looks of its credential it decides which tier may speak. */
export type Surface = 'mcp' | 'data' | 'management' | 'admin';

const management = /^\/(?:v1\/(?:keys|audit|members|groups)|org)(?:\/|$)/;

/** The workspace below which a path lies, as it was written. */
export const workspaceIn = (pathname: string): string | undefined =>
  /^\/workspaces\/([^/]+)\/./.exec(pathname)?.[1];

/** The surface of a path that is not MCP's. */
export function surfaceOf(pathname: string): Exclude<Surface, 'mcp'> {
  if (pathname.startsWith('/admin/')) return 'admin';
  return management.test(pathname) ? 'management' : 'data';
}
