import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import type { McpSettings } from './config-downstream.ts';
import { ConfigFile } from './config-file.ts';
import { type Environment, sharedHeaders, weakSecrets } from './config-secrets.ts';

/** The settled configuration: the file, the environment over it, every path absolute. */
export type Config = Omit<ConfigFile, '$schema' | 'store'> & {
  readonly file: string;
  readonly storeFile: string;
  readonly platformFile: string;
  /** What was approved of other MCP servers' tools. */
  readonly approvedToolsFile: string;
  /** Opens `/metrics`; null keeps it shut. From the environment alone. */
  readonly metricsToken: string | null;
  /** The operator's break-glass credential; null where there is none. From the environment alone. */
  readonly adminToken: string | null;
};

export type { Environment } from './config-secrets.ts';

/** Every mistake at once, each with its path and what was expected. */
export type LoadedConfig =
  | { readonly ok: true; readonly config: Config }
  | { readonly ok: false; readonly mistakes: readonly string[] };

const loopbackHosts = new Set(['127.0.0.1', '::1', 'localhost']);

export const isLoopbackHost = (host: string): boolean => loopbackHosts.has(host);

/** Reads `TENANTRY_CONFIG` (default `./mcp.config.json`) and lays the environment over it. */
export function loadConfig(env: Environment, cwd: string): LoadedConfig {
  const file = resolve(cwd, env.TENANTRY_CONFIG || 'mcp.config.json');
  const read = readJson(file);
  if (!read.ok) return { ok: false, mistakes: [`${file}: ${read.mistake}`] };
  const overlaid = overlay(read.value, env, cwd);
  const parsed = ConfigFile.safeParse(overlaid);
  const issues = parsed.error?.issues.flatMap(ofNearest).map((issue) => describeIssue(issue, env)) ?? [];
  const mistakes = [...issues, ...contradictions(overlaid), ...weakSecrets(env), ...unknownVariables(env)];
  if (parsed.success) mistakes.push(...sharedHeaders(parsed.data));
  if (!parsed.success || mistakes.length > 0) return { ok: false, mistakes };
  return { ok: true, config: settle(parsed.data, file, env) };
}

function readJson(file: string): { ok: true; value: unknown } | { ok: false; mistake: string } {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return { ok: false, mistake: 'expected a readable file (`{}` is enough); TENANTRY_CONFIG names another' };
  }
  try {
    return { ok: true, value: JSON.parse(text) };
  } catch (error) {
    return {
      ok: false,
      mistake: `expected JSON: ${error instanceof Error ? error.message.replaceAll(/\s+/g, ' ') : ''}`,
    };
  }
}

/** The environment wins over the file; an empty variable counts as unset. */
function overlay(value: unknown, env: Environment, cwd: string): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const file = value as Record<string, unknown>;
  const merged = { ...file };
  if (env.TENANTRY_DATA_DIR) merged.dataDir = resolve(cwd, env.TENANTRY_DATA_DIR);
  if (env.TENANTRY_STORE_URL) merged.store = { url: env.TENANTRY_STORE_URL };
  if (env.TENANTRY_DOWNSTREAM_URL) {
    merged.downstream = { ...asObject(file.downstream), url: env.TENANTRY_DOWNSTREAM_URL };
  }
  if (env.LOG_LEVEL) merged.logLevel = env.LOG_LEVEL;
  const server: Record<string, unknown> = {};
  if (env.HOST) server.host = env.HOST;
  if (env.PORT) server.port = /^\d{1,5}$/.test(env.PORT) ? Number(env.PORT) : env.PORT;
  if (Object.keys(server).length > 0) merged.server = { ...asObject(file.server), ...server };
  return merged;
}

const asObject = (value: unknown): object => (typeof value === 'object' && value !== null ? value : {});

/** The variable that says a setting, where one does. */
const variables: Readonly<Record<string, string>> = {
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
function unknownVariables(env: Environment): string[] {
  const unknown = Object.keys(env).filter(
    (name) => name.startsWith('TENANTRY_') && !knownVariables.has(name),
  );
  return unknown.map((name) => `${name}: expected one of ${[...knownVariables].join(', ')}`);
}

/** Of the kinds of downstream that an entry is not, what keeps it from the one that it is closest to. */
function ofNearest(issue: z.core.$ZodIssue): z.core.$ZodIssue[] {
  if (issue.code !== 'invalid_union' || issue.path[0] !== 'downstreams' || issue.path.length !== 2)
    return [issue];
  const [nearest = []] = [...issue.errors].sort((a, b) => a.length - b.length);
  return nearest.map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] }));
}

/** Names the setting as whoever made the mistake knows it: by its variable, or by its path in the file. */
function describeIssue(issue: z.core.$ZodIssue, env: Environment): string {
  const path = issue.path.map(String).join('.') || '(the file)';
  const variable = variables[path];
  return `${variable !== undefined && env[variable] ? variable : path}: ${issue.message}`;
}

/** Read apart from the rest, so that a contradiction is reported beside whatever else is wrong. */
const Reach = z.object({
  demo: z.boolean().default(false).catch(false),
  server: z
    .object({
      host: z.string().default('127.0.0.1').catch('127.0.0.1'),
      allowedHosts: z.array(z.unknown()).default([]).catch([null]),
    })
    .prefault({}),
});

function contradictions(value: unknown): string[] {
  const { data } = Reach.safeParse(value);
  if (data === undefined || isLoopbackHost(data.server.host)) return [];
  const mistakes: string[] = [];
  if (data.demo) {
    mistakes.push('demo: expected false where server.host is not loopback; demo keys are printed at start');
  }
  if (data.server.allowedHosts.length === 0) {
    mistakes.push('server.allowedHosts: expected the names clients use where server.host is not loopback');
  }
  return mistakes;
}

function settle(file: ConfigFile, path: string, env: Environment): Config {
  const { $schema, store, ...rest } = file;
  const dataDir = resolve(dirname(path), file.dataDir);
  return {
    ...rest,
    downstreams: file.downstreams.map((each) =>
      'openapi' in each
        ? { ...each, openapi: resolveSource(each.openapi, path) }
        : { ...each, mcp: resolveProgram(each.mcp, path) },
    ),
    approvedToolsFile: resolve(dataDir, 'downstreams.lock.json'),
    ...(file.tools !== undefined && { tools: resolve(dirname(path), file.tools) }),
    dataDir,
    file: path,
    storeFile: resolve(dataDir, store.url.slice('sqlite:'.length)),
    platformFile: resolve(dataDir, 'platform.db'),
    metricsToken: env.METRICS_TOKEN || null,
    adminToken: env.ADMIN_TOKEN ?? null,
  };
}

const resolveProgram = (server: McpSettings['mcp'], configFile: string): McpSettings['mcp'] =>
  typeof server === 'string' ? server : { ...server, cwd: resolve(dirname(configFile), server.cwd) };

/** A file is relative to the configuration; a URL stays as it is. */
const resolveSource = (source: string, configFile: string): string =>
  /^https?:\/\//.test(source) ? source : resolve(dirname(configFile), source);
