import type { McpSettings } from './config-downstream.ts';
import type { ConfigFile } from './config-file.ts';
import { isBearerToken, looksLikeKey } from './token-shape.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

const LEAST_SECRET_BYTES = 32;

/** What is wrong with the credentials that the gateway itself shows to platforms. */
export function gatewayCredentialMistakes(
  { downstream, downstreams }: ConfigFile,
  env: Environment,
): string[] {
  const mistakes: string[] = [];
  for (const { credential, organization } of [downstream, ...downstreams]) {
    if (credential === undefined) continue;
    // One for each organisation may come and go; one for all is missed at the start, not at the first call.
    const { environment: name, header } = credential;
    if (!name.includes('{') && !env[name])
      mistakes.push(`${name}: expected the credential that the configuration names`);
    if (header.toLowerCase() === headerOf(organization)?.toLowerCase())
      mistakes.push(`${name}: expected another header than the organisation's, got "${header}"`);
  }
  return mistakes;
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
