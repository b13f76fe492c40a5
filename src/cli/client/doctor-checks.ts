import { z } from 'zod';
import { newOrganizationId } from '../../ids.ts';
import { printable } from '../../secrets/printable.ts';
import { adviceFor, failureAt } from './remote-advice.ts';
import { failureLine, failureOf, type RemoteFailure, refusalOf } from './remote-failure.ts';
import { type RemoteTarget, remoteHeaders } from './remote-target.ts';

/** One attempt and its result. */
export type Check = {
  readonly name: string;
  readonly tried: string;
  readonly ok: boolean;
  readonly found: string;
  /** The probable cause and the remedy; null if all is well. */
  readonly advice: string | null;
};

/** What an attempt found, or why it failed; its advice is for what the failure's code cannot tell. */
export type Finding =
  | { readonly ok: true; readonly found: string }
  | { readonly ok: false; readonly failure: RemoteFailure; readonly advice?: string };

export const ATTEMPT_MS = 10_000;

export const WhoAmI = z.object({
  organization: z.object({ organization_id: z.string(), name: z.string() }),
  key: z.object({ prefix: z.string() }),
});
export type WhoAmI = z.infer<typeof WhoAmI>;

/** Makes the attempt, at `url` if at any; an error on the way becomes the finding. */
export async function check(
  { name, tried, url }: { readonly name: string; readonly tried: string; readonly url: URL | null },
  target: RemoteTarget,
  attempt: () => Promise<Finding>,
): Promise<Check> {
  const finding = await attempt().catch(
    (thrown): Finding => ({ ok: false, failure: failureOf(thrown, undefined) }),
  );
  if (finding.ok) return { name, tried, ok: true, found: finding.found, advice: null };
  const { failure, advice = adviceFor(failure, target) } = finding;
  const isNamed = url === null || tried.includes(url.href);
  const found = isNamed ? failureLine(failure) : failureAt(failure, url);
  return { name, tried, ok: false, found, advice };
}

export const failed = (message: string, advice: string): Finding => ({
  ok: false,
  failure: { code: null, status: null, message, requestId: null },
  advice,
});

/** The address of another route of the server that speaks MCP at `target`, also below a proxy's own path. */
export function siblingUrl({ url }: RemoteTarget, path: string): URL {
  const sibling = new URL(url);
  sibling.search = '';
  sibling.pathname = url.pathname.replace(/(?:\/o\/[^/]+)?\/mcp$|\/$/, '') + path;
  return sibling;
}

export const whoAmIUrl = (target: RemoteTarget): URL => siblingUrl(target, '/v1/whoami');

/** GETs an open route, or fails with what was answered. */
export async function probe(url: URL): Promise<Finding> {
  const response = await request(url, {});
  if (response.status === 200) return { ok: true, found: 'HTTP 200' };
  return { ok: false, failure: await refusalOf(response) };
}

/** Who the key is, over REST; a key for many organisations that names none is accepted all the same. */
export async function fetchWhoAmI(
  target: RemoteTarget,
  headers: Record<string, string>,
): Promise<WhoAmI | RemoteFailure> {
  const response = await request(whoAmIUrl(target), { headers });
  if (response.status !== 200) return refusalOf(response.clone());
  return WhoAmI.parse(await response.json());
}

/** An organisation that nobody made must be refused; where it is not, the header does not arrive. */
export async function probeUnknownOrganization(
  { url }: RemoteTarget,
  key: string,
  nowMs: number,
): Promise<Finding> {
  const response = await request(url, {
    method: 'POST',
    headers: {
      ...remoteHeaders(key, newOrganizationId(nowMs)),
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' }),
  });
  if (response.ok) {
    await response.body?.cancel();
    const advice = 'a proxy strips X-Organization-Id, or server.organizationHeader has another name';
    return failed(`HTTP ${response.status}: the header was not heeded`, advice);
  }
  const failure = await refusalOf(response);
  if (failure.status === 403 && failure.code === 'ORGANIZATION_MISMATCH') {
    return { ok: true, found: '403 ORGANIZATION_MISMATCH' };
  }
  return { ok: false, failure };
}

/** Whether the server takes the key for the organisation that was meant, if one was. */
export function asExpected(answer: WhoAmI, expected: string | undefined): Finding {
  const actual = answer.organization.organization_id;
  if (expected === undefined || actual === expected) return { ok: true, found: describe(answer) };
  return failed(`${describe(answer)}, not for ${expected}`, 'the header is not heeded; a proxy changes it');
}

export const describe = ({ organization, key }: WhoAmI): string =>
  printable(`${key.prefix} acts for ${organization.name} (${organization.organization_id})`);

/** Follows no redirect: the key would be sent to its target. */
const request = (url: URL, init: RequestInit): Promise<Response> =>
  fetch(url, { ...init, redirect: 'manual', signal: AbortSignal.timeout(ATTEMPT_MS) });
