import { isBearerToken, looksLikeKey } from '../secrets/key-pattern.ts';
import type { ConfigFile } from './config-file.ts';
import type { McpSettings } from './downstreams.ts';
import { isPerOrganization, isVariableOf, operatorVariables } from './secret-variables.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

type Platforms = Pick<ConfigFile, 'downstream' | 'downstreams'>;

const LEAST_SECRET_BYTES = 32;

/** One for each organisation may come and go; one for all is missed at the start, not at the first call. */
export function missingCredentials(platforms: Platforms, env: Environment): string[] {
  return credentialsOf(platforms)
    .filter((name) => !isPerOrganization(name) && !env[name])
    .map(
      (name) =>
        `${name}: expected the credential of the platform; the environment variable is not set: export ${name}=…`,
    );
}

/** The variables that the configuration names. */
const credentialsOf = ({ downstream, downstreams }: Platforms): string[] =>
  [downstream, ...downstreams].flatMap(({ credential }) => credential?.environment ?? []);

const secretVariables = (platforms: Platforms): readonly string[] => [
  ...operatorVariables,
  ...new Set(credentialsOf(platforms)),
];

/** Programs run as our user, who may read what this process was started with. By prefix, the variables to be seen. */
export function exposedToPrograms(
  platforms: Platforms,
  env: Environment,
): readonly { readonly prefix: string; readonly variables: readonly string[] }[] {
  const secrets = secretVariables(platforms);
  return platforms.downstreams.filter(isProgram).flatMap(({ prefix, credential }) => {
    const others = secrets.filter(
      (name) => name !== credential?.environment && (isPerOrganization(name) || env[name]),
    );
    return others.length === 0 ? [] : [{ prefix, variables: others }];
  });
}

/** Secrets that no log line, no audit row and no message may hold: the operator's secrets and the gateway's credentials. */
export function secretsIn(platforms: Platforms, env: Environment): readonly string[] {
  const variables = secretVariables(platforms);
  return Object.entries(env).flatMap(([name, value]) =>
    value && variables.some((variable) => isVariableOf(variable, name)) ? [value] : [],
  );
}

/** One header cannot say both who the gateway is and for whom it asks. */
export function sharedHeaders({ downstream, downstreams }: ConfigFile): string[] {
  return [downstream, ...downstreams].flatMap((settings) => {
    const { credential, organization } = settings;
    if (credential === undefined || isProgram(settings)) return [];
    const { environment, header = 'Authorization' } = credential;
    if (header.toLowerCase() !== headerOf(organization)?.toLowerCase()) return [];
    return [`${environment}: expected another header than the organisation's, got "${header}"`];
  });
}

/** It is told both in variables. */
const isProgram = (settings: object): boolean => 'mcp' in settings && typeof settings.mcp !== 'string';

type OrganizationLocation = ConfigFile['downstream']['organization'] | McpSettings['organization'];

function headerOf(organization: OrganizationLocation): string | undefined {
  if ('header' in organization) return organization.header;
  return organization.in === 'header' ? organization.name : undefined;
}

/** With it Node believes any server that answers, so that somebody in between can read every credential. */
export function uncheckedServers(env: Environment): string[] {
  if (env.NODE_TLS_REJECT_UNAUTHORIZED !== '0') return [];
  return [
    'NODE_TLS_REJECT_UNAUTHORIZED: expected no 0, which believes any server; NODE_EXTRA_CA_CERTS names the certificate of an authority of your own',
  ];
}

/** A secret that opens a door must be beyond guessing. */
export function weakSecrets({
  METRICS_TOKEN: metrics,
  ADMIN_TOKEN: admin,
  AUDIT_KEY: audit,
}: Environment): string[] {
  const mistakes: string[] = [];
  if (metrics && isShort(metrics))
    mistakes.push(`METRICS_TOKEN: expected at least ${LEAST_SECRET_BYTES} bytes`);
  const expected = admin === undefined ? undefined : expectedOfAdminToken(admin);
  if (expected !== undefined) mistakes.push(`ADMIN_TOKEN: expected ${expected}`);
  if (admin && admin === metrics) mistakes.push('ADMIN_TOKEN: expected another value than METRICS_TOKEN');
  const ofAudit = audit === undefined ? undefined : expectedOfAuditKey(audit);
  if (ofAudit !== undefined) mistakes.push(`AUDIT_KEY: expected ${ofAudit}`);
  if (audit && (audit === admin || audit === metrics))
    mistakes.push('AUDIT_KEY: expected another value than the tokens, which others present');
  return mistakes;
}

const isShort = (token: string): boolean => Buffer.byteLength(token) < LEAST_SECRET_BYTES;

const placeholder =
  /change.?me|change.?it|replace|place.?holder|generate|insert|your|todo|secret|token|passw|example|default|dummy|sample/i;
/** A run that anybody would type, or one unit again and again. */
const pattern = /01234567|12345678|abcdefgh|qwertyui|^(.+?)\1+$/i;
const LEAST_CHARACTERS = 8;

/**
 * What is wrong with a token that reaches every organisation; undefined for a good one. A set but empty token is a
 * mistake too: the operator meant to have one, and the bootstrap would stay open.
 */
function expectedOfAdminToken(token: string): string | undefined {
  if (isShort(token)) return `at least ${LEAST_SECRET_BYTES} bytes, or no such variable`;
  if (!isBearerToken(token)) return 'letters, digits and -._~+/ alone, as a Bearer token may have';
  if (looksLikeKey(token)) return 'something that does not look like a key';
  return isTyped(token) ? RANDOM : undefined;
}

const RANDOM = 'a random value, such as "openssl rand -hex 32" prints, and no placeholder';

const isTyped = (secret: string): boolean =>
  placeholder.test(secret) || pattern.test(secret) || new Set(secret).size < LEAST_CHARACTERS;

/** Nobody presents it, so any characters are good. A set but empty key is a mistake: nothing would be signed. */
function expectedOfAuditKey(key: string): string | undefined {
  if (isShort(key)) return `at least ${LEAST_SECRET_BYTES} bytes, or no such variable`;
  if (looksLikeKey(key)) return 'something that does not look like a key';
  return isTyped(key) ? RANDOM : undefined;
}
