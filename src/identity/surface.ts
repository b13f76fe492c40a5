/** The kind of endpoint that a request addresses. Surface and credential format select the scheme. */
export type Surface = 'mcp' | 'data' | 'management' | 'admin' | 'bootstrap';

const management = /^\/(?:v1\/(?:keys|audit|members|groups)|org)(?:\/|$)/;

/** The workspace in `/workspaces/{workspace_id}/…`, not decoded. */
export const workspaceIn = (pathname: string): string | undefined =>
  /^\/workspaces\/([^/]+)\/./.exec(pathname)?.[1];

/** The surface of an organisation's path on REST. */
export const restSurfaceOf = (pathname: string): 'data' | 'management' =>
  management.test(pathname) ? 'management' : 'data';
