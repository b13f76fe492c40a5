import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { loadConfig } from '../../../src/config/load-config.ts';
import { effectiveScopes } from '../../../src/members/effective-scopes.ts';
import type { Membership } from '../../../src/members/member-store.ts';
import { builtInScopes } from '../../../src/scopes/scopes.ts';
import { writeConfig } from '../../support/fresh-start.ts';

/** Section 6 of the contract, written out: what each permission allows of the eight scopes. */
const table: Readonly<Record<string, readonly string[]>> = {
  admin: [
    ...['assets:read', 'assets:write', 'users:read', 'users:write'],
    ...['processes:read', 'processes:write', 'tickets:read', 'tickets:write'],
  ],
  'assets:write': ['assets:read', 'assets:write'],
  'assets:use': ['assets:read'],
  'users:manage': ['users:read', 'users:write'],
  'processes:manage': ['processes:read', 'processes:write'],
  'processes:use': ['processes:read'],
  'tickets:manage': ['tickets:read', 'tickets:write'],
  'tickets:admin': ['tickets:read', 'tickets:write'],
  'tickets:create': ['tickets:read'],
  'tickets:close': ['tickets:read'],
};
const eight = table.admin ?? [];
const everything = [...eight, ...builtInScopes];
const permissions = Object.keys(table);

function assetDesk() {
  const examples = resolve(import.meta.dirname, '../../../examples');
  const loaded = loadConfig({ TENANTRY_CONFIG: join(examples, 'asset-desk.config.json') }, examples);
  if (!loaded.ok) throw new Error(loaded.mistakes.join('; '));
  return loaded.config;
}

const config = assetDesk();
const rules = { permissions: config.permissions, configured: config.scopes.catalogue };

const membership = (traits: Partial<Membership> = {}): Membership => ({
  role: 'member',
  active: true,
  permissions: [],
  ...traits,
});

test('the asset desk has eight scopes and a map of exactly these permissions', () => {
  expect([...config.scopes.catalogue].sort()).toEqual([...eight].sort());
  expect(eight).toHaveLength(8);
  expect(Object.keys(config.permissions).sort()).toEqual([...permissions].sort());
  expect(config.permissions.admin).toBe('*');
});

test.each(permissions)(
  '%s allows exactly what the table says of every scope, until it is taken away',
  (permission) => {
    const holding = membership({ permissions: [permission] });
    const others = permissions.filter((each) => each !== permission);
    for (const scope of everything) {
      const allowedBy = (names: readonly string[]) => names.some((name) => table[name]?.includes(scope));
      expect(effectiveScopes([scope], holding, rules)).toEqual(allowedBy([permission]) ? [scope] : []);
      // What the key does not store, no permission gives.
      const unstored = everything.filter((each) => each !== scope);
      expect(effectiveScopes(unstored, holding, rules)).not.toContain(scope);
      const left = effectiveScopes([scope], membership({ permissions: others }), rules);
      expect(left).toEqual(allowedBy(others) ? [scope] : []);
      expect(effectiveScopes([scope], membership(), rules)).toEqual([]);
      expect(effectiveScopes([scope], { ...holding, active: false }, rules)).toEqual([]);
    }
  },
);

test('permissions of several groups add up, in the order of what is stored', () => {
  const both = membership({ permissions: ['tickets:create', 'assets:write'] });
  expect(effectiveScopes([...everything].reverse(), both, rules)).toEqual([
    'tickets:read',
    'assets:write',
    'assets:read',
  ]);
});

test('the role admin uses all that is stored, the built-in scopes too; the permission admin not those', () => {
  expect(effectiveScopes(everything, membership({ role: 'admin' }), rules)).toEqual(everything);
  expect(effectiveScopes(['key:write'], membership({ role: 'admin' }), rules)).toEqual(['key:write']);
  expect(effectiveScopes(everything, membership({ permissions: ['admin'] }), rules)).toEqual(eight);
  const named = { permissions: { odd: ['key:write'], admin: '*' as const }, configured: ['key:write'] };
  expect(effectiveScopes(everything, membership({ permissions: ['odd', 'admin'] }), named)).toEqual([]);
});

test('an inactive person, or a former member, uses nothing, in any role', () => {
  for (const role of ['admin', 'member'] as const) {
    const inactive = membership({ role, active: false, permissions });
    expect(effectiveScopes(everything, inactive, rules)).toEqual([]);
  }
  expect(effectiveScopes(everything, undefined, rules)).toEqual([]);
});

test.each([
  '',
  'Admin',
  'assets',
  'assets:read',
  '*',
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
])('a permission that the map does not name grants nothing: "%s"', (permission) => {
  expect(effectiveScopes(everything, membership({ permissions: [permission] }), rules)).toEqual([]);
});

test('a permission that allows an unknown or built-in scope is a mistake of the configuration', () => {
  const { dir, file } = writeConfig({});
  const load = (settings: object) => {
    writeFileSync(file, JSON.stringify(settings));
    const loaded = loadConfig({ TENANTRY_CONFIG: file }, dir);
    return loaded.ok ? loaded.config.permissions : loaded.mistakes;
  };
  expect(load({})).toEqual({});
  expect(load({ permissions: { reader: ['agent:read'], all: '*' } })).toEqual({
    reader: ['agent:read'],
    all: '*',
  });
  const wrong = { reader: ['agent:read', 'agent:fly'], boss: ['key:write'], odd: 'all', shapeless: ['x'] };
  expect(load({ permissions: wrong })).toEqual([
    'permissions.odd: expected "*" or a list of scopes of the catalogue',
    'permissions.shapeless.0: expected a scope such as "agent:read"',
    'permissions.reader.1: expected a scope of scopes.catalogue, and no built-in one, got "agent:fly"',
    'permissions.boss.0: expected a scope of scopes.catalogue, and no built-in one, got "key:write"',
  ]);
  // Not even where the catalogue names it: it is the role admin's alone.
  const scopes = { catalogue: ['agent:read', 'key:write'], canonical: ['agent:read'] };
  expect(load({ scopes, permissions: { boss: ['agent:read', 'key:write'] } })).toEqual([
    expect.stringMatching(/^permissions\.boss\.1: expected a scope .* "key:write"$/),
  ]);
  const { odd: _, shapeless: __, ...unknown } = wrong;
  // All at once: the catalogue's mistakes are told beside one that has nothing to do with them.
  const told = 'expected a scope of scopes.catalogue, and no built-in one, got';
  const mistakes = load({ permissions: unknown, keys: { brand: 'X' } });
  expect(mistakes).toEqual([
    'keys.brand: expected two to eight small letters',
    `permissions.reader.1: ${told} "agent:fly"`,
    `permissions.boss.0: ${told} "key:write"`,
  ]);
});
