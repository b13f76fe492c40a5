import { resolve } from 'node:path';
import { isRecord } from '../json.ts';
import { hint, listed } from '../words/did-you-mean.ts';
import type { Environment } from './secrets.ts';

/** The variable that says a setting, where one does. */
export const variables: Readonly<Record<string, string>> = {
  dataDir: 'TENANTRY_DATA_DIR',
  'store.url': 'TENANTRY_STORE_URL',
  'downstream.url': 'TENANTRY_DOWNSTREAM_URL',
  'server.host': 'HOST',
  'server.port': 'PORT',
  logLevel: 'LOG_LEVEL',
};

/** The environment wins over the file; an empty variable counts as unset. */
export function overlay(value: unknown, env: Environment, cwd: string): unknown {
  if (!isRecord(value)) return value;
  let merged = value;
  for (const [setting, variable] of Object.entries(variables)) {
    const text = env[variable];
    if (text) merged = withSetting(merged, setting.split('.'), settingOf(setting, text, cwd));
  }
  return merged;
}

function settingOf(setting: string, text: string, cwd: string): string | number {
  if (setting === 'dataDir') return resolve(cwd, text);
  return setting === 'server.port' && /^\d{1,5}$/.test(text) ? Number(text) : text;
}

type Settings = Readonly<Record<string, unknown>>;

function withSetting(settings: Settings, [name = '', ...inner]: readonly string[], value: unknown): Settings {
  if (inner.length === 0) return { ...settings, [name]: value };
  const group = settings[name];
  return { ...settings, [name]: withSetting(isRecord(group) ? group : {}, inner, value) };
}

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
