import { type AuditEvent, type ChainLink, chainPoint } from '../../audit/audit-event.ts';
import type { AuditTrail } from '../../audit/audit-trail.ts';
import { auditToWire } from '../../audit/audit-wire.ts';
import { formatHead } from '../../audit/chain/chain-head.ts';
import { createHeadSigner } from '../../audit/chain/head-signer.ts';
import { signWhole, unsignedLine } from '../../audit/chain/sign-whole.ts';
import type { Services } from '../../server/services.ts';
import { type JsonOption, jsonText, writeText } from '../print.ts';
import type { ExitCode, Runtime } from '../runtime.ts';
import { type FilterOptions, isSelected, selectionOf } from './audit-filter.ts';

const CHUNK = 1000;

/** The rows up to `head`, oldest first, some at a time: a trail is longer than memory. */
export async function* readRows(trail: AuditTrail, head: ChainLink): AsyncGenerator<readonly AuditEvent[]> {
  for (let after = 0; after < head.seq; ) {
    const rows = (await trail.readChain(chainPoint(after), CHUNK)).filter(({ seq }) => seq <= head.seq);
    const last = rows.at(-1);
    if (last === undefined) return;
    yield rows;
    after = last.seq;
  }
}

export const toNdjson = (rows: readonly AuditEvent[]): string =>
  rows.map((row) => `${jsonText(auditToWire(row))}\n`).join('');

/** Writes the rows to standard output and, once all are written, the head that they reach to standard error. */
export async function exportAudit(
  options: FilterOptions & JsonOption,
  services: Services,
  runtime: Runtime,
): Promise<ExitCode> {
  const trail = services.store.audit;
  const selection = await selectionOf(options, services);
  const head = await trail.head();
  async function* selected() {
    for await (const rows of readRows(trail, head)) yield rows.filter((row) => isSelected(row, selection));
  }
  const signer = createHeadSigner(services.config.auditKey);
  const { signature, unsigned } = await signWhole(trail, head, signer);
  const shownHead = formatHead(head, { signHead: () => signature });
  const text = options.json ? oneDocument(selected(), shownHead) : lines(selected());
  if (!(await writeText(runtime, text))) return 1;
  runtime.err(shownHead);
  if (unsigned !== null) runtime.err(unsignedLine(unsigned));
  return 0;
}

async function* lines(chunks: AsyncIterable<readonly AuditEvent[]>): AsyncGenerator<string> {
  for await (const rows of chunks) yield toNdjson(rows);
}

async function* oneDocument(
  chunks: AsyncIterable<readonly AuditEvent[]>,
  head: string,
): AsyncGenerator<string> {
  yield `{"head":"${head}","events":[`;
  let separator = '';
  for await (const rows of chunks) {
    for (const row of rows) {
      yield separator + jsonText(auditToWire(row));
      separator = ',';
    }
  }
  yield ']}\n';
}
