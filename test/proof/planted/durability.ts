import type { PlantedBug } from './planted-bug.ts';

const cut = { proof: 'durability-power', test: 'what was acknowledged before the power went' };
const cutCalls = { proof: 'durability-power', test: 'with audit.durability "power"' };

export const durabilityBugs: readonly PlantedBug[] = [
  {
    name: 'synchronous-normal',
    harm: 'a revoked key works again after a power cut',
    file: 'db/sqlite/connection/connections.ts',
    find: `openForWriting(file, 'FULL'));
    prepareStore(control);
    proveSynchronous(control, 'FULL');`,
    replace: `openForWriting(file, 'NORMAL'));
    prepareStore(control);
    proveSynchronous(control, 'NORMAL');`,
    ...cut,
  },
  {
    name: 'synchronous-unsaid',
    harm: 'the level is left to the driver, which the program must notice before it serves',
    file: 'db/sqlite/connection/open-database.ts',
    find: '  database.pragma(`synchronous = ',
    replace: '  if (synchronous === undefined) database.pragma(`synchronous = ',
    ...cut,
  },
  {
    name: 'acknowledge-before-commit',
    harm: 'a revocation is answered and its transaction commits a moment later, or never',
    file: 'db/sqlite/connection/store-call.ts',
    find: '  return commitInTurn(database, prepareCommit(database, operation));',
    replace: `  return commitInTurn(database, () => {
    if (!database.inTransaction) {
      database.exec('BEGIN IMMEDIATE');
      setTimeout(() => database.open && database.exec('COMMIT'), 1);
    }
    return operation();
  });`,
    ...cut,
  },
  {
    name: 'calls-synced-normal',
    harm: 'audit.durability "power" is read and nothing follows from it',
    file: 'db/sqlite/connection/connections.ts',
    find: "durability === 'power' ? 'FULL' : 'NORMAL'",
    replace: "durability === 'power' ? 'NORMAL' : 'NORMAL'",
    ...cutCalls,
  },
  {
    name: 'answer-before-row',
    harm: 'the answer of a call leaves before its row is committed',
    file: 'src/app.ts',
    find: '    await slot?.close({ status, errorCode, change: requestContext?.detail });',
    replace: '    void slot?.close({ status, errorCode, change: requestContext?.detail });',
    ...cutCalls,
  },
  {
    name: 'no-sync-of-mutations',
    harm: 'mutations are acknowledged without any sync of the store',
    file: 'db/sqlite/connection/connections.ts',
    find: `    proveSynchronous(control, 'FULL');`,
    replace: `    proveSynchronous(control, 'FULL');
    control.pragma('synchronous = OFF');`,
    proof: 'durability-power',
    test: 'a mutation is synced',
  },
  {
    name: 'rows-wait-for-others',
    harm: 'rows of calls are answered at once and written by the dozen, so a killed process loses the last',
    file: 'db/sqlite/stores/group-commit.ts',
    find: '    if (inQueue || waiting.length === 0) return;',
    replace: `    for (const waiter of waiting) waiter.done();
    if (inQueue || waiting.length < 12) return;`,
    proof: 'durability-kill',
  },
  {
    name: 'mint-in-two-transactions',
    harm: 'a process that dies between the two leaves a key that the audit does not know',
    file: 'db/sqlite/stores/key-store.ts',
    find: `        const key = insertKey(control, keyspace, made);
        append([auditRow(key)]);
        return key;
      }),`,
    replace: `        return insertKey(control, keyspace, made);
      }).then((key) => {
        append([auditRow(key)]);
        return key;
      }),`,
    proof: 'durability-kill',
  },
  {
    name: 'rotation-without-row',
    harm: 'a rotation is not in the audit',
    file: 'db/sqlite/stores/key-store.ts',
    find: '        append([auditRow(inserted, old)]);\n',
    replace: '',
    proof: 'durability-kill',
  },
  {
    name: 'revocation-row-of-calls',
    harm: 'the row of a revocation is written again by the request that asked for it',
    file: 'src/audit/audit-slot.ts',
    find: '    if (mutation?.row === undefined) return append(outcome);',
    replace: `    if (mutation?.row?.change?.includes('"revoked"') !== false) return append(outcome);`,
    proof: 'durability-kill',
  },
  {
    name: 'rest-reads-without-row',
    harm: 'who read over REST is nowhere written',
    file: 'src/app.ts',
    find: 'async function closed({ answer, slot, requestContext }: Call): Promise<Answer> {\n',
    replace:
      "async function closed({ answer, slot: open, requestContext, route }: Call): Promise<Answer> {\n  const slot = route?.kind === 'rest' && answer?.errorCode === null ? undefined : open;\n",
    proof: 'durability-audit',
  },
  {
    name: 'malformed-without-row',
    harm: 'whoever probes with malformed bodies leaves no trace',
    file: 'src/transport/http/steps/close-slot.ts',
    find: '    await slot.close({ status: refusal.status, errorCode: error.code, change: error.detail });',
    replace: `    if (refusal.status !== 400)
      await slot.close({ status: refusal.status, errorCode: error.code, change: error.detail });`,
    proof: 'durability-audit',
  },
  {
    name: 'row-without-key',
    harm: 'a row does not say which key called',
    file: 'src/principal.ts',
    find: 'keyPrefix: key?.prefix ?? null,',
    replace: 'keyPrefix: null,',
    proof: 'durability-audit',
  },
  {
    name: 'hash-skips-a-field',
    harm: 'what a mutation changed can be rewritten unseen',
    file: 'src/audit/chain/row-hash.ts',
    find: '[previous, seq, ...values]',
    replace: '[previous, seq, ...values.slice(0, -1)]',
    proof: 'durability-tamper',
  },
  {
    name: 'hash-without-chain',
    harm: 'a row can be rewritten with its hash, unseen by the rows after it',
    file: 'src/audit/chain/row-hash.ts',
    find: 'JSON.stringify([previous, seq, ...values])',
    replace: 'JSON.stringify([previous.length, seq, ...values])',
    proof: 'durability-tamper',
  },
];
