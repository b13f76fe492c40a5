import type { McpSettings } from './config-downstream.ts';
import type { ConfigFile } from './config-file.ts';
import { isBearerToken, looksLikeKey } from './token-shape.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

const LEAST_SECRET_BYTES = 32;

/** One for each organisation may come and go; one for all is missed at the start, not at the first call. */
export function missingCredentials(
  { downstream, downstreams }: Pick<ConfigFile, 'downstream' | 'downstreams'>,
  env: Environment,
): string[] {
  return [downstream, ...downstreams].flatMap(({ credential }) => {
    const name = credential?.environment;
    if (name === undefined || name.includes('{') || env[name]) return [];
    return [`${name}: expected the credential that the configuration names`];
  });
}

/** One header cannot say both who the gateway is and for whom it asks. */
export function sharedHeaders({ downstream, downstreams }: ConfigFile): string[] {
  return [downstream, ...downstreams].flatMap(({ credential, organization }) => {
    if (credential === undefined) return [];
    const { environment, header } = credential;
    if (header.toLowerCase() !== headerOf(organization)?.toLowerCase()) return [];
    return [`${environment}: expected another header than the organisation's, got "${header}"`];
  });
}

type OrganizationPlace = ConfigFile['downstream']['organization'] | McpSettings['organization'];

function headerOf(organization: OrganizationPlace): string | undefined {
  if ('header' in organization) return organization.header;
  return organization.in === 'header' ? organization.name : undefined;
}

/** A secret that opens a door must be beyond guessing. */
export function weakSecrets({ METRICS_TOKEN: metrics, ADMIN_TOKEN: admin }: Environment): string[] {
  const mistakes: string[] = [];
  if (metrics && isShort(metrics))
    mistakes.push(`METRICS_TOKEN: expected at least ${LEAST_SECRET_BYTES} bytes`);
  const expected = admin === undefined ? undefined : expectedOfAdminToken(admin);
  if (expected !== undefined) mistakes.push(`ADMIN_TOKEN: expected ${expected}`);
  if (admin && admin === metrics) mistakes.push('ADMIN_TOKEN: expected another value than METRICS_TOKEN');
  return mistakes;
}

const isShort = (token: string): boolean => Buffer.byteLength(token) < LEAST_SECRET_BYTES;

const placeholder =
  /change.?me|change.?it|replace|place.?holder|generate|insert|your|todo|secret|token|passw|example|default|dummy|sample/i;
/** A run that anybody would type, or one unit again and again. */
const pattern = /01234567|12345678|abcdefgh|qwertyui|^(.+?)\1+$/i;
const LEAST_CHARACTERS = 8;

/**
 * What is wrong with a token that reaches every organisation; undefined for a good one. Set, but empty, is a
 * mistake too: whoever meant to have a token would be left with an open bootstrap.
 */
function expectedOfAdminToken(token: string): string | undefined {
  if (isShort(token)) return `at least ${LEAST_SECRET_BYTES} bytes, or no such variable`;
  if (!isBearerToken(token)) return 'letters, digits and -._~+/ alone, as a Bearer token may have';
  if (looksLikeKey(token)) return 'something that does not look like a key';
  const isTyped = placeholder.test(token) || pattern.test(token);
  const isRandom = new Set(token).size >= LEAST_CHARACTERS && !isTyped;
  return isRandom ? undefined : 'a random value, such as "openssl rand -hex 32" prints, and no placeholder';
}
