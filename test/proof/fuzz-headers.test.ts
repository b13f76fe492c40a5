import { describe, test } from 'vitest';
import { isOpen, methods, spelledPaths } from '../support/odd-paths.ts';
import { type ContractCheck, codeIn, type FuzzProtocol, messageIn } from './fuzz/contract-check.ts';
import { HANG_MS } from './fuzz/hang.ts';
import { type HeadCase, headCases } from './fuzz/odd-heads.ts';
import type { WireAnswer } from './fuzz/read-answer.ts';
import { runCases } from './fuzz/run-cases.ts';
import { startTarget } from './fuzz/start-target.ts';
import { createWire, exchangeRaw } from './fuzz/wire.ts';
import { trials } from './support/depth.ts';
import { prove } from './support/proof.ts';

/** For a request that may lack its end nobody waits as long as for a whole one. */
const PART_MS = 150;

describe('however a request is written, it speaks for the one credential that it shows, or for nobody', () => {
  test('raw heads: doubled, folded, smuggled, too long, in bytes that are no text', async (context) => {
    const target = await startTarget(false);
    target.startCounting();
    const counts = { answered: 0, cut: 0, answers: 0 };
    const attempt = async (each: HeadCase): Promise<string | undefined> => {
      const ask = () => exchangeRaw(target.port, each.bytes, each.isWhole ? HANG_MS : PART_MS);
      let { answers, isHanging } = await ask();
      if (each.isWhole && answers.length === 0) {
        // On a busy machine: what the server makes of a question that nobody waits for has a row too.
        counts.cut += 1;
        ({ answers, isHanging } = await ask());
        if (answers.length === 0) return 'no answer';
      }
      if (each.isWhole && answers.length > 1) return `${answers.length} answers to one request`;
      // Of a request of which a part is missing, the server notes that its client went away.
      if (!each.isWhole && answers.length < 2) counts.cut += 2 - answers.length;
      counts.answers += answers.length;
      for (const answer of answers) {
        target.owe(answer, false);
        const complaint = complaintOf(answer, each);
        if (complaint !== undefined) return complaint;
      }
      return isHanging ? 'hangs after its end' : undefined;
    };
    const complaintOf = (answer: WireAnswer, { speaksFor }: HeadCase): string | undefined => {
      const wrong = target.contract.complaint(answer, protocolOf(answer));
      if (wrong !== undefined || answer.status >= 300 || codeIn(answer) !== undefined) return wrong;
      counts.answered += 1;
      const id = organizationIn(answer);
      return id !== undefined && speaksFor.includes(id)
        ? undefined
        : `${answer.status} for ${id}, not ${speaksFor}`;
    };
    const count = trials({ planted: 1000, ci: 5000, full: 200_000 });
    const { failures, seed } = await runCases(
      { id: 'fuzz.headers', cases: headCases(target), count, width: 48 },
      attempt,
    );
    prove(context, {
      id: 'fuzz.headers',
      property:
        'A raw request is served only for the one well-formed credential and organisation that it shows',
      trials: count,
      unit: 'requests',
      failures: [...failures, ...(await target.aftermath(counts.cut))],
      measured: { seed, left_out_of_the_count: counts.cut, served: counts.answered, answers: counts.answers },
      note: 'what the HTTP parser refuses by itself has no row and no code',
    });
  });

  test('paths: without a credential only the open ones answer, however they are spelled', async (context) => {
    const target = await startTarget(false);
    target.startCounting();
    const wire = createWire(target.port);
    const pairs = methods.flatMap((method) =>
      spelledPaths(target.acme.id).map((path) => [method, path] as const),
    );
    const count = Math.min(pairs.length, trials({ planted: 4000, ci: pairs.length, full: pairs.length }));
    const failures: string[] = [];
    const queue = pairs.slice(0, count).values();
    const work = async () => {
      for (const [method, path] of queue) {
        const answer = await wire.send(
          Buffer.from(`${method} ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`),
          method,
        );
        const complaint =
          answer === undefined ? 'no answer' : pathComplaint(method, path, answer, target.contract);
        // An open answer owes no row. An answer to HEAD says nothing but its status: 401 is one of a credential.
        const isJudged = method === 'HEAD' ? answer?.status === 401 : (answer?.status ?? 0) >= 300;
        if (answer !== undefined && isJudged) target.owe(answer, false);
        if (complaint !== undefined) failures.push(`${method} ${path}: ${complaint}`);
      }
    };
    await Promise.all(Array.from({ length: 16 }, work));
    prove(context, {
      id: 'fuzz.paths',
      property:
        'Without a credential only the open paths answer, under no other spelling and no other method',
      trials: count,
      unit: 'requests',
      failures: [...failures, ...(await target.aftermath())],
    });
  });
});

function pathComplaint(
  method: string,
  path: string,
  answer: WireAnswer,
  contract: ContractCheck,
): string | undefined {
  if (answer.status >= 200 && answer.status < 400) {
    return isOpen(method, path) ? undefined : `status ${answer.status}`;
  }
  // An answer to HEAD has no body to hold a code.
  return method === 'HEAD' ? undefined : contract.complaint(answer, protocolOf(answer));
}

/** A head that was broken may have reached another protocol than it was written for. */
const protocolOf = (answer: WireAnswer): FuzzProtocol =>
  messageIn(answer)?.jsonrpc === undefined ? 'rest' : 'mcp';

type Whoami = { readonly organization?: { readonly organization_id: string } };

/** For whom `whoami` says that the caller speaks, over either protocol. */
function organizationIn(answer: WireAnswer): string | undefined {
  const message = messageIn(answer) as (Whoami & { result?: { structuredContent?: Whoami } }) | undefined;
  return (message?.result?.structuredContent ?? message)?.organization?.organization_id;
}
