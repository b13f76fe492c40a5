import { join } from 'node:path';
import Database from 'better-sqlite3';
import { openStore } from '../../../db/sqlite/open-store.ts';
import { auditChain } from '../../../src/audit/chain/row-hash.ts';
import { verifyChain } from '../../../src/audit/chain/verify.ts';
import { machineClock } from '../../support/clocks.ts';
import { requestJson } from '../../support/http.ts';
import type { Seen, Subject } from './probe.ts';

const AT_ONCE = 20;

/** What the server said it had done, to be held against what is there in the end. */
export function keepAnswers() {
  const minted: string[] = [];
  const answered: { what: string; requestId: string }[] = [];
  return {
    get acknowledged() {
      return answered.length;
    },
    keep({ what, status, answer }: Seen): void {
      if (status < 200 || status > 299) return;
      answered.push({ what, requestId: answer.headers.get('x-request-id') ?? 'none' });
      if (status === 201) minted.push(answer.body.auth_token);
    },
    /** Every key that was handed out since the last time is let in. */
    async lostKeys({ url }: Subject): Promise<string[]> {
      const recent = minted.splice(0);
      const statuses: number[] = [];
      // In turns, since one organisation has a part of the places under way.
      while (recent.length > 0) {
        const some = recent.splice(0, AT_ONCE);
        const answers = some.map((key) => requestJson(`${url}/v1/whoami`, { key }));
        statuses.push(...(await Promise.all(answers)).map(({ status }) => status));
      }
      return statuses
        .filter((status) => status !== 200)
        .map((status) => `a key that was handed out is answered ${status}`);
    },
    /** Every answer has its row, and the chain is whole; for when the server has let go of the store. */
    async missingRows(dataDir: string): Promise<string[]> {
      const rows = readRequestIds(dataDir);
      const unwritten = answered.filter(({ requestId }) => !rows.has(requestId));
      const store = openStore(join(dataDir, 'tenantry.db'), {
        durability: 'process',
        auditChain,
        clock: machineClock(),
      });
      try {
        const { ok, problem } = await verifyChain(store.audit);
        return [
          ...unwritten.map(({ what }) => `${what}: answered with success, and no row of it`),
          ...(ok ? [] : [`the chain is broken: ${problem}`]),
        ];
      } finally {
        await store.close();
      }
    },
  };
}

export type Answers = ReturnType<typeof keepAnswers>;

function readRequestIds(dataDir: string): ReadonlySet<string> {
  const database = new Database(join(dataDir, 'tenantry.db'));
  try {
    const ids = database.prepare<[], string>("SELECT request_id FROM audit WHERE kind = 'call'").pluck();
    return new Set(ids.all());
  } finally {
    database.close();
  }
}
