import type { PlantedBug } from './planted-bug.ts';

const keys = { proof: 'revocation', test: 'each of four processes' } as const;
const standing = 'revocation-standing';

/** Ways in which what was taken away goes on working. */
export const revocationBugs: readonly PlantedBug[] = [
  {
    name: 'keys-remembered-5s',
    harm: 'a revoked key works on for seconds (NocoDB CVE-2026-46554: up to three days)',
    file: 'db/sqlite/credential-lookup/find-key.ts',
    find: `if (revision === knownRevision) return;
      known.clear();
      knownRevision = revision;`,
    replace: `if (performance.now() < knownRevision) return;
      known.clear();
      knownRevision = performance.now() + 5000 + 0 * revision;`,
    ...keys,
  },
  {
    name: 'revision-not-asked',
    harm: 'a key that a process has seen works there until it restarts',
    file: 'db/sqlite/open-store.ts',
    find: 'findKey.begin(revision())',
    replace: 'findKey.begin(1)',
    ...keys,
  },
  {
    name: 'foreign-commits-unseen',
    harm: 'a process that has read the revision once never reads it again',
    file: 'db/sqlite/credential-lookup/foreign-commits.ts',
    find: 'if (version === seen) return;',
    replace: 'if (seen !== undefined) return;',
    ...keys,
  },
  {
    name: 'revision-blind-to-revoking',
    harm: 'a revoked key works on until anything else about any key changes',
    file: 'db/sqlite/credential-lookup/revision.ts',
    find: 'new Set([keys.lastUsedAtMs.name,',
    replace: 'new Set([keys.revokedAtMs.name, keys.revokedBy.name, keys.lastUsedAtMs.name,',
    ...keys,
  },
  {
    name: 'read-left-open',
    harm: 'a snapshot that stays open hides every commit after it, revocations too',
    file: 'db/sqlite/credential-lookup/auth-reads.ts',
    find: 'const answerAll = auth.transaction((group: readonly Waiting[]) => {',
    replace: `const pinned = (run: (group: readonly Waiting[]) => void) => (group: readonly Waiting[]) => {
    if (!auth.inTransaction) {
      auth.exec('BEGIN');
      setTimeout(() => auth.open && auth.exec('COMMIT'), 500);
    }
    run(group);
  };
  const answerAll = pinned((group) => {`,
    ...keys,
  },
  {
    name: 'worker-remembers-keys',
    harm: 'a worker goes on accepting what another worker revoked',
    file: 'db/sqlite/open-store.ts',
    find: 'findKey.begin(revision())',
    replace: `findKey.begin(process.send === undefined ? revision() : 1)`,
    proof: 'revocation',
    test: 'both workers',
  },
  {
    name: 'owner-activity-ignored',
    harm: 'the key of somebody who left the company still signs in',
    file: 'src/identity/schemes/api-key.ts',
    find: "scopeType === 'user' && membership?.active !== true",
    replace: "scopeType === 'user' && membership === undefined",
    proof: standing,
    test: 'is deactivated',
  },
  {
    name: 'effective-scopes-remembered',
    harm: 'who leaves a group keeps what it allowed',
    file: 'src/members/effective-scopes.ts',
    find: '  return stored.filter((scope) => allowed.has(scope));',
    replace: `  const kept = known.get(stored) ?? stored.filter((scope) => allowed.has(scope));
  known.set(stored, kept);
  return kept;
}

const known = new WeakMap<readonly Scope[], readonly Scope[]>();

export function forget(stored: readonly Scope[]): void {
  known.delete(stored);`,
    proof: standing,
    test: 'leaves a group',
  },
  {
    name: 'revision-blind-to-suspension',
    harm: 'a suspended organisation is served by every process that has seen its key',
    file: 'db/sqlite/credential-lookup/revision.ts',
    find: "'UPDATE ON organizations'",
    replace: "'UPDATE OF name ON organizations'",
    proof: standing,
    test: 'is suspended',
  },
  {
    name: 'stream-not-watched',
    harm: 'who once opened a stream reads on after the key is revoked',
    file: 'src/app.ts',
    find: '    .step(answered,     watchCall(deps))\n',
    replace: '',
    proof: standing,
    test: 'running stream',
  },
  {
    name: 'plain-call-not-ended',
    harm: 'a call of an hour goes on after its key is revoked, and is answered',
    file: 'src/transport/http/call-watch.ts',
    find: 'if (refusal === undefined) return;',
    replace: 'if (refusal === undefined || others.length >= 0) return;',
    proof: standing,
    test: 'plain call',
  },
  {
    name: 'rotation-decided-before-its-transaction',
    harm: 'two rotations at once leave two successors of one key',
    file: 'db/sqlite/stores/key-store.ts',
    find: `    rotate: (address, actor, decide, auditRow) =>
      keyTransaction(control, () => {
        const { keyspace, keyId } = address;
        const facts = readRotateFacts(control, keyspace, keyId, actor);`,
    replace: `    rotate: (address, actor, decide, auditRow, facts = readRotateFacts(control, address.keyspace, address.keyId, actor)) =>
      keyTransaction(control, () => {
        const { keyspace, keyId } = address;`,
    proof: 'races',
    test: 'rotations',
  },
  {
    name: 'provision-decided-before-its-transaction',
    harm: 'a platform that provisions twice at once is told of an internal error',
    file: 'db/sqlite/stores/organization-store.ts',
    find: 'const existing = withExternalId(control, externalId) ?? withFoldedExternalId(control, externalId);',
    replace: 'const existing = undefined as Organization | undefined;',
    proof: 'races',
    test: 'provisions',
  },
  {
    name: 'bootstrap-decided-before-its-transaction',
    harm: 'two who are quick enough both become the first manager (Paperclip CVE-2026-41679)',
    file: 'db/sqlite/stores/organization-store.ts',
    find: "        if (!isBootstrapOpen(control)) throw new AppError('BOOTSTRAP_CLOSED');\n",
    replace: '',
    proof: 'races',
    test: 'bootstraps',
  },
];
