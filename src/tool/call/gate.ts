import type { Caller } from '../caller.ts';
import { AppError } from '../errors.ts';
import type { Tool } from './define-tool.ts';
import { hasProperty } from './operation.ts';

/** The one predicate: it decides what is listed and what may be called, on every face. */
export const mayCall = (caller: Caller, tool: Tool): boolean => refusalFor(caller, tool) === undefined;

type Refusal = 'INSUFFICIENT_SCOPE' | 'KEY_RESTRICTED';

/** @throws INSUFFICIENT_SCOPE or KEY_RESTRICTED where `mayCall` is false, but for what is `left` to callTool */
export function requireMayCall(caller: Caller, tool: Tool, left?: Refusal): void {
  const refusal = refusalFor(caller, tool);
  if (refusal === undefined || refusal === left) return;
  if (refusal === 'KEY_RESTRICTED') throw new AppError(refusal);
  // Hosts show people the message alone, so it names the scope too.
  const message = `The credential lacks a scope that this needs: ${tool.scope}.`;
  throw new AppError(refusal, { message, data: { required: [tool.scope], granted: caller.scopes } });
}

function refusalFor(caller: Caller, tool: Tool): Refusal | undefined {
  if (tool.scope !== 'any' && !caller.scopes.includes(tool.scope)) return 'INSUFFICIENT_SCOPE';
  const allowed = caller.key?.restrictedToTools ?? null;
  if (allowed !== null && !allowed.includes(tool.name)) return 'KEY_RESTRICTED';
  // Whatever has no workspace lies outside of all of them.
  return workspacesOf(caller) !== null && !hasWorkspace(tool) ? 'KEY_RESTRICTED' : undefined;
}

/** Everything of a caller that `mayCall` looks at, as one text: callers with the same may call the same. */
export const whatIsAllowed = (caller: Caller): string =>
  JSON.stringify([caller.scopes, caller.key?.restrictedToTools ?? null, workspacesOf(caller) !== null]);

const workspacesOf = (caller: Caller): readonly string[] | null => caller.key?.restrictedToWorkspaces ?? null;

const hasWorkspace = ({ inputJsonSchema }: Tool): boolean => hasProperty(inputJsonSchema, 'workspace_id');

/** A key that is restricted to workspaces names one of them in each call. @throws KEY_RESTRICTED */
export function requireWorkspace(caller: Caller, input: Readonly<Record<string, unknown>>): void {
  const workspaces = workspacesOf(caller);
  if (workspaces === null) return;
  const named = [input.workspace_id, ...workspacesIn(input)].flat();
  const isOwn = (id: unknown) => typeof id === 'string' && workspaces.includes(id);
  if (!named.every(isOwn)) throw new AppError('KEY_RESTRICTED');
}

/** Whatever stands under such a name, however deep: the platform may look there as well. */
function workspacesIn(value: unknown): readonly unknown[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) =>
    /workspaceids?$/.test(plainName(name)) ? [inner] : workspacesIn(inner),
  );
}

/** Names under which a client might try to name the organisation; the credential alone does that. */
const LONGEST_NAME = 30;
const organizationNames = new Set(['organizationid', 'organisationid', 'xorganizationid', 'xorganisationid']);

/** `organization_id[]`, `Organization-Id` and the like are one name to some platform or other. */
export const plainName = (name: string): string => name.toLowerCase().replaceAll(/[^a-z0-9]/g, '');

export const namesOrganization = (name: string): boolean =>
  name.length <= LONGEST_NAME && organizationNames.has(plainName(name));

/** @throws ORGANIZATION_IN_ARGUMENTS even where the value is the right one, so that no client learns to send it */
export function requireNoOrganization(rawArguments: Readonly<Record<string, unknown>>): void {
  for (const name of Object.keys(rawArguments)) {
    if (namesOrganization(name)) throw new AppError('ORGANIZATION_IN_ARGUMENTS');
  }
}
