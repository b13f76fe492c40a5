import { plainName } from '../../downstream/organization/spelling.ts';
import { AppError } from '../../errors.ts';
import type { TenantPrincipal } from '../../principal.ts';
import type { Tool } from '../define-tool.ts';
import { hasProperty } from '../operation.ts';

/** The one predicate: it decides what is listed and what may be called, on every protocol. */
export const mayCall = (principal: TenantPrincipal, tool: Tool): boolean =>
  refusalFor(principal, tool) === undefined;

type Refusal = 'INSUFFICIENT_SCOPE' | 'KEY_RESTRICTED';

/** @throws INSUFFICIENT_SCOPE or KEY_RESTRICTED where `mayCall` is false, except for the refusal that is `left` to callTool */
export function requireMayCall(principal: TenantPrincipal, tool: Tool, left?: Refusal): void {
  const refusal = refusalFor(principal, tool);
  if (refusal === undefined || refusal === left) return;
  if (refusal === 'KEY_RESTRICTED') throw new AppError(refusal);
  // Hosts show people the message alone, so it names the scope too.
  const message = `The credential lacks a scope that this needs: ${tool.scope}. ${remedyFor(principal, tool.scope)}`;
  throw new AppError(refusal, { message, data: { required: [tool.scope], granted: principal.scopes } });
}

const remedyFor = ({ key }: TenantPrincipal, scope: string): string =>
  key?.scopeType === 'user'
    ? `A person's key may do what the key and the person's groups both allow: ask an admin for a group that allows it, or for a key with the scope.`
    : `Ask for a key with it, by the tool mint_key or 'tenantry keys mint --add ${scope}'.`;

function refusalFor(principal: TenantPrincipal, tool: Tool): Refusal | undefined {
  if (tool.scope !== 'any' && !principal.scopes.includes(tool.scope)) return 'INSUFFICIENT_SCOPE';
  const allowed = principal.key?.restrictedToTools ?? null;
  if (allowed !== null && !allowed.includes(tool.name)) return 'KEY_RESTRICTED';
  // A tool without a workspace lies outside of all of them.
  return workspacesOf(principal) !== null && !hasWorkspace(tool) ? 'KEY_RESTRICTED' : undefined;
}

/** Everything of a caller that `mayCall` looks at, as one text: callers with the same may call the same. */
export const whatIsAllowed = (principal: TenantPrincipal): string =>
  JSON.stringify([
    principal.scopes,
    principal.key?.restrictedToTools ?? null,
    workspacesOf(principal) !== null,
  ]);

const workspacesOf = (principal: TenantPrincipal): readonly string[] | null =>
  principal.key?.restrictedToWorkspaces ?? null;

const hasWorkspace = ({ inputJsonSchema }: Tool): boolean => hasProperty(inputJsonSchema, 'workspace_id');

/** A key that is restricted to workspaces names one of them in each call. @throws KEY_RESTRICTED */
export function requireWorkspace(principal: TenantPrincipal, input: Readonly<Record<string, unknown>>): void {
  const workspaces = workspacesOf(principal);
  if (workspaces === null) return;
  const named = [input.workspace_id, ...workspacesIn(input)].flat();
  const isOwn = (id: unknown) => typeof id === 'string' && workspaces.includes(id);
  if (!named.every(isOwn)) throw new AppError('KEY_RESTRICTED');
}

/** Every value under such a name, at any depth: the platform may look there as well. */
function workspacesIn(value: unknown): readonly unknown[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) =>
    /workspaceids?$/.test(plainName(name)) ? [inner] : workspacesIn(inner),
  );
}
