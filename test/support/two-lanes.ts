import { Agent, request } from 'node:http';
import { expect, onTestFinished } from 'vitest';
import type { AuditEvent } from '../../src/audit/audit-event.ts';
import type { ListedEvent } from '../../src/audit/audit-trail.ts';
import { AppError } from '../../src/errors.ts';
import { startApp, startTwoTenants } from './start-app.ts';

/** One request as it is sent: headers in their order, and a body that need not be JSON. */
export type LaneRequest = {
  readonly target?: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
};

export type LaneAnswer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** The text as it came, and the JSON-RPC message in it, out of its event stream where it came in one. */
  readonly text: string;
  readonly message: string;
  readonly requestId: string;
};

type Options = Parameters<typeof startTwoTenants>[0];

/** Two servers on one store, of which only the first has the fast lane. */
export async function startTwoLanes(options: Options = {}) {
  const withLane = (fastLane: boolean) => ({ ...options?.config, server: { fastLane } });
  const fast = await startTwoTenants({ ...options, config: withLane(true) });
  const sdk = await startApp({ ...options, config: withLane(false), dataDir: fast.dataDir });
  const agent = new Agent({ keepAlive: true });
  onTestFinished(() => agent.destroy());
  return {
    ...fast,
    /** The answers of both, to the same bytes. */
    send: (sent: LaneRequest): Promise<readonly [LaneAnswer, LaneAnswer]> =>
      Promise.all([post(fast.port, sent, agent), post(sdk.port, sent, agent)]),
  };
}

function post(port: number, { target = '/mcp', headers, body }: LaneRequest, agent: Agent) {
  return new Promise<LaneAnswer>((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, path: target, method: 'POST', agent });
    const names = new Set(headers.map(([name]) => name));
    for (const name of names) {
      sent.setHeader(
        name,
        headers.filter(([each]) => each === name).map(([, value]) => value),
      );
    }
    sent.on('error', reject).on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk)).on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        const answered = Object.entries(response.headers).map(([name, value]) => [name, String(value)]);
        resolve({
          status: response.statusCode ?? 0,
          headers: Object.fromEntries(answered),
          text,
          message: /^event: message\ndata: ([^\n]*)\n\n$/.exec(text)?.[1] ?? text,
          requestId: String(response.headers['x-request-id']),
        });
      });
    });
    sent.end(body);
  });
}

/** What differs by its nature, and what a stream has that JSON has not. */
const ofTheConnection = /^(?:date|connection|keep-alive|transfer-encoding|content-length|x-request-id)$/;
const ofTheStream = /^(?:content-type|cache-control|x-accel-buffering)$/;

/** Status, headers that matter and every byte of the message are the same. */
export function expectSame([fast, sdk]: readonly [LaneAnswer, LaneAnswer]): void {
  const wasUnwrapped = sdk.message !== sdk.text;
  const kept = ({ headers }: LaneAnswer) =>
    Object.entries(headers)
      .filter(([name]) => !ofTheConnection.test(name) && !(wasUnwrapped && ofTheStream.test(name)))
      .sort();
  const shown = ({ message, requestId }: LaneAnswer) =>
    message
      .replaceAll(requestId, '<request id>')
      // A cursor is sealed anew each time.
      .replaceAll(/(next_cursor\\*":\\*")[\w-]+/g, '$1<cursor>');
  expect({ status: fast.status, headers: kept(fast), message: shown(fast) }).toEqual({
    status: wasUnwrapped && fast.message === fast.text ? promisedStatus(sdk.message) : sdk.status,
    headers: kept(sdk),
    message: shown(sdk),
  });
}

/** A stream has said 200 before anything fails; without one the failure has the status that the contract gives it. */
function promisedStatus(message: string): number {
  const { error } = JSON.parse(message);
  if (error === undefined) return 200;
  const { reportAs, status } = new AppError(error.data.code);
  return reportAs === 'gate' ? status : 200;
}

/** The audit tells the same of both, but when it was and under which id. */
export function expectSameRows(
  rows: readonly (AuditEvent & Partial<ListedEvent>)[],
  answers: readonly (readonly [LaneAnswer, LaneAnswer])[],
): void {
  const byRequest = new Map(
    rows.filter(({ kind }) => kind === 'call').map((row) => [row.requestId as string, row]),
  );
  const shown = (answer: LaneAnswer) => {
    const row = byRequest.get(answer.requestId);
    if (row === undefined) return undefined;
    const {
      at: _at,
      seq: _seq,
      position: _position,
      hash: _hash,
      durationMs: _ms,
      requestId: _id,
      ...rest
    } = row;
    return rest;
  };
  for (const [fast, sdk] of answers) expect(shown(fast)).toEqual(shown(sdk));
}
