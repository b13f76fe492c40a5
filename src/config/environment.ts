import { resolve } from 'node:path';
import { isRecord } from '../json.ts';
import { hint, listed } from '../words/did-you-mean.ts';
import type { Environment } from './secrets.ts';

/** The environment wins over the file; an empty variable counts as unset. */
export function overlay(value: unknown, env: Environment, cwd: string): unknown {
  if (!isRecord(value)) return value;
  const merged = { ...value };
  if (env.TENANTRY_DATA_DIR) merged.dataDir = resolve(cwd, env.TENANTRY_DATA_DIR);
  if (env.TENANTRY_STORE_URL) merged.store = { ...asObject(value.store), url: env.TENANTRY_STORE_URL };
  if (env.TENANTRY_DOWNSTREAM_URL) {
    merged.downstream = { ...asObject(value.downstream), url: env.TENANTRY_DOWNSTREAM_URL };
  }
  if (env.LOG_LEVEL) merged.logLevel = env.LOG_LEVEL;
  const server: Record<string, unknown> = {};
  if (env.HOST) server.host = env.HOST;
  if (env.PORT) server.port = /^\d{1,5}$/.test(env.PORT) ? Number(env.PORT) : env.PORT;
  if (Object.keys(server).length > 0) merged.server = { ...asObject(value.server), ...server };
  return merged;
}

const asObject = (value: unknown): object => (typeof value === 'object' && value !== null ? value : {});

/** The variable that says a setting, where one does. */
export const variables: Readonly<Record<string, string>> = {
  dataDir: 'TENANTRY_DATA_DIR',
  'store.url': 'TENANTRY_STORE_URL',
  'downstream.url': 'TENANTRY_DOWNSTREAM_URL',
  'server.host': 'HOST',
  'server.port': 'PORT',
  logLevel: 'LOG_LEVEL',
};

/** Read by this program, by its commands or by its clients. */
const knownVariables = new Set([
  ...Object.values(variables),
  'TENANTRY_CONFIG',
  'TENANTRY_API_KEY',
  'TENANTRY_ORGANIZATION_ID',
  'TENANTRY_URL',
]);

/** A mistyped name would be silently ignored. */
export function unknownVariables(env: Environment): string[] {
  const unknown = Object.keys(env).filter(
    (name) => name.startsWith('TENANTRY_') && !knownVariables.has(name),
  );
  const known = [...knownVariables];
  return unknown.map((name) => `${name}: expected one of ${listed(known)}${hint(name, known)}`);
}
