import fc from 'fast-check';
import { expect, test } from 'vitest';
import { AppError } from '../../../src/errors.ts';
import { newKeyId, newOrganizationId, newUserId, type UserId } from '../../../src/ids.ts';
import { createKeyFormat } from '../../../src/keys/key-format.ts';
import type { Keyspace, ScopeType } from '../../../src/keys/key-record.ts';
import { decideMint } from '../../../src/keys/policy/mint.ts';
import type { MintRequest } from '../../../src/keys/policy/mint-request.ts';
import { makeKey } from '../../../src/keys/policy/new-key.ts';
import {
  freezePrincipal,
  type KeyPrincipal,
  operatorBy,
  type TenantPrincipal,
} from '../../../src/principal.ts';
import { createCatalogue, defaultCanonicalScopes, defaultCatalogue } from '../../../src/scopes/scopes.ts';
import { mintKey } from '../../../tools/keys/mint-key.ts';

const nowMs = Date.UTC(2026, 10, 20);
const organizationId = newOrganizationId(nowMs);
const [ada, bob, nobody] = [newUserId(nowMs), newUserId(nowMs), newUserId(nowMs)];
const format = createKeyFormat('tnt');
const rules = {
  format,
  catalogue: createCatalogue([...defaultCatalogue]),
  defaultTtlDays: 90,
  staleAfterDays: 90,
  workspaceTokens: false,
  maxPerOrganization: 1000,
};
const canon = { version: 1, scopes: [...defaultCanonicalScopes] };

/** Callers as identity settles them: a key of the organisation, an admin's and a member's; and ADMIN_TOKEN. */
const principals = {
  organization: callerOf('global', null, true),
  admin: callerOf('user', ada, true),
  member: callerOf('user', bob, false),
  operator: freezePrincipal({
    ...operatorBy('admin-token'),
    organization: { id: organizationId, name: 'Acme', externalId: null },
  }),
};

function callerOf(scopeType: 'global' | 'user', userId: UserId | null, isAdmin: boolean): KeyPrincipal {
  const { key } = makeKey(organizationId, traits(scopeType), format, nowMs);
  const { id, prefix, name, owner, createdBy } = key;
  return freezePrincipal({
    kind: 'key',
    subjectId: id,
    actorName: prefix,
    tier: 'organization-key',
    organization: { id: organizationId, name: 'Acme', externalId: null },
    key: {
      id,
      prefix,
      name,
      scopeType,
      owner,
      createdBy,
      canonicalVersion: null,
      restrictedToTools: null,
      restrictedToWorkspaces: null,
      expiresAtMs: null,
    },
    userId,
    isAdmin,
    scopes: ['key:write'],
  });
}

function traits(scopeType: 'global' | 'user') {
  const rest = {
    scopes: [],
    scopeSource: 'explicit',
    canonicalVersion: null,
    owner: 'o',
    createdBy: 'cli',
  } as const;
  return { name: 'x', scopeType, expiresAtMs: null, ...rest };
}

type Ask = { readonly type: unknown; readonly userId: UserId | undefined };

/** What the tool's precheck and then the decision say; or the decision alone, which must not lean on the tool. */
function outcome(principal: TenantPrincipal, { type, userId }: Ask, isPrechecked: boolean): string {
  try {
    if (isPrechecked) mintKey.precheck({ scope_type: type, user_id: userId }, principal);
    const request = { scopeType: type, name: 'x', scopes: [], userId } as MintRequest;
    const actor =
      principal.kind === 'key'
        ? {
            ...makeKey(organizationId, traits('global'), format, nowMs).key,
            id: newKeyId(nowMs),
            ownerRole: null,
            successor: null,
          }
        : null;
    const asked = userId ?? (type === 'user' ? principal.userId : null);
    const activeUser = asked === ada || asked === bob ? asked : null;
    const facts = { actor, keys: { live: 1 }, defaultKey: null, activeUser, canon };
    const keyspace = type === 'host' && principal.key === null ? 'operator' : organizationId;
    decideMint(request, facts, { keyspace, principal, nowMs }, rules);
    return 'minted';
  } catch (error) {
    if (error instanceof AppError) return error.code;
    throw error;
  }
}

/** The table, in its own order. */
function promised(who: keyof typeof principals, { type, userId }: Ask): string {
  const isAdmin = who !== 'member';
  if (type === undefined) return 'SCOPE_REQUIRED';
  if (type === 'host' && who !== 'operator') return 'HOST_KEY_OPERATOR_ONLY';
  if (type !== 'user') {
    if (!isAdmin) return 'GLOBAL_KEY_ADMIN_ONLY';
    return userId === undefined ? 'minted' : 'VALIDATION_ERROR';
  }
  const target = userId ?? (who === 'admin' ? ada : who === 'member' ? bob : undefined);
  if (!isAdmin && target !== bob) return 'FORBIDDEN';
  if (target === undefined) return 'VALIDATION_ERROR';
  return target === nobody ? 'INVALID_USER' : 'minted';
}

test('who may mint which key for whom is the table, for every caller, type and target', () => {
  fc.assert(
    fc.property(
      fc.constantFrom('organization', 'admin', 'member', 'operator'),
      fc.constantFrom(undefined, 'global', 'user', 'host'),
      fc.constantFrom(undefined, ada, bob, nobody),
      fc.boolean(),
      (who, type, userId, isPrechecked) => {
        // The operator's own commands name the type themselves; over HTTP the precheck asks for it.
        if (who === 'operator' && type === undefined && !isPrechecked) return;
        expect([who, type, outcome(principals[who], { type, userId }, isPrechecked)]).toEqual([
          who,
          type,
          promised(who, { type, userId }),
        ]);
      },
    ),
    { numRuns: 1000 },
  );
});

test('no key is decided in a foreign keyspace', () => {
  const facts = { actor: null, keys: { live: 0 }, defaultKey: null, activeUser: ada, canon };
  const principal = operatorBy('cli');
  const decide = (keyspace: Keyspace, scopeType: ScopeType) => () =>
    decideMint({ scopeType, name: 'x', scopes: [] }, facts, { keyspace, principal, nowMs }, rules);
  expect(decide(organizationId, 'host')).toThrow('foreign keyspace');
  expect(decide('operator', 'global')).toThrow('foreign keyspace');
  expect(decide('operator', 'user')).toThrow('foreign keyspace');
});

test('a workspace token is the operator’s to mint, at the command line and for one workspace', () => {
  const facts = { actor: null, keys: { live: 0 }, defaultKey: null, activeUser: null, canon };
  const decide = (operator: 'cli' | 'admin-token', workspaces: readonly string[], workspaceTokens = true) => {
    const restrictions = { workspace_ids: workspaces };
    const request = { scopeType: 'workspace', name: 'x', scopes: [], restrictions } as const;
    const asked = { keyspace: organizationId, principal: operatorBy(operator), nowMs };
    return () => decideMint(request, facts, asked, { ...rules, workspaceTokens });
  };
  expect(decide('cli', ['ws_1'])().key.scopeType).toBe('workspace');
  expect(decide('cli', ['ws_1'], false)).toThrow('keys.workspaceTokens');
  expect(decide('cli', [])).toThrow('one workspace');
  expect(decide('cli', ['ws_1', 'ws_2'])).toThrow('one workspace');
  expect(decide('admin-token', ['ws_1'])).toThrow('may not do this');
});
