import { expect } from 'vitest';
import type { DownstreamRequest } from '../../src/downstream/downstream.ts';
import type { JsonAnswer } from './http.ts';

const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** What an error body says of itself, in any form: REST, JSON-RPC or a tool's own answer. */
export function refusalIn({ body }: JsonAnswer) {
  return body?.error?.data ?? body?.error ?? body?.result?._meta?.['tenantry/error'];
}

/** Every refusal: its status, its code, one request id in header and body, and no cache may keep it. */
export function expectRefusal(answer: JsonAnswer, status: number, code: string, label = ''): void {
  const shown = refusalIn(answer);
  expect([label, answer.status, shown?.code]).toEqual([label, status, code]);
  expect(shown.request_id).toMatch(UUID_V7);
  expect(answer.headers.get('x-request-id')).toBe(shown.request_id);
  expect(answer.headers.get('cache-control')?.split(', ')).toContain('no-store');
}

/** Status, headers and body as they came, without the parts that differ in every answer. */
export function bytesOf({ status, headers, text }: JsonAnswer) {
  const requestId = headers.get('x-request-id') ?? '';
  const kept = [...headers].filter(([name]) => name !== 'x-request-id' && name !== 'date');
  return { status, headers: kept, text: text.replaceAll(requestId, '') };
}

/** The organisations that the requests which left spoke for. */
export const organizationsIn = (sent: readonly DownstreamRequest[]): readonly (string | undefined)[] =>
  sent.map(({ url }) => url.searchParams.getAll('organization_id').join());
