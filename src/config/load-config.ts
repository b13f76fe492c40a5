import { lstatSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { isLoopbackHost } from '../loopback.ts';
import { type InputIssue, issueText } from '../words/issue.ts';
import type { ConfigFile } from './config-file.ts';
import type { McpSettings } from './downstreams.ts';
import { overlay, unknownVariables, variables } from './environment.ts';
import { readSettings } from './mistakes.ts';
import { type Environment, sharedHeaders, uncheckedServers, weakSecrets } from './secrets.ts';

/** The resolved configuration: the file, the environment over it, every path absolute. */
export type Config = Omit<ConfigFile, '$schema'> & {
  readonly file: string;
  readonly platformFile: string;
  /** What was approved of other MCP servers' tools. */
  readonly approvedToolsFile: string;
  /** Opens `/metrics`; null keeps it shut. From the environment alone. */
  readonly metricsToken: string | null;
  /** The operator's break-glass credential; null where there is none. From the environment alone. */
  readonly adminToken: string | null;
  /** Signs checkpoints and heads of the audit; null where there is none. From the environment alone. */
  readonly auditKey: string | null;
};

export type { Environment } from './secrets.ts';

/** Every mistake at once, each with its path and what was expected. */
export type LoadedConfig =
  | { readonly ok: true; readonly config: Config }
  | {
      readonly ok: false;
      readonly mistakes: readonly string[];
      /** The configuration without its mistakes, to look for more of them; never served. Null if nothing remains. */
      readonly rest: Config | null;
    };

/**
 * Reads `TENANTRY_CONFIG` (default `./mcp.config.json`) and lays the environment over it. Without either the
 * configuration is the demo's.
 */
export function loadConfig(env: Environment, cwd: string): LoadedConfig {
  const file = resolve(cwd, env.TENANTRY_CONFIG || 'mcp.config.json');
  const read = env.TENANTRY_CONFIG || isThere(file) ? readJson(file) : ({ ok: true, value: demo } as const);
  const ofEnvironment = [...weakSecrets(env), ...uncheckedServers(env), ...unknownVariables(env)];
  if (!read.ok) {
    const { issues } = readSettings(overlay({}, env, cwd));
    const others = issues.map((issue) => describeIssue(issue, env));
    return { ok: false, mistakes: [`${file}: ${read.mistake}`, ...others, ...ofEnvironment], rest: null };
  }
  const overlaid = overlay(read.value, env, cwd);
  const { settings, issues, rest } = readSettings(overlaid);
  const readable = settings ?? rest;
  const mistakes = [
    ...issues.map((issue) => describeIssue(issue, env)),
    ...contradictions(overlaid),
    ...ofEnvironment,
    ...(readable === null ? [] : sharedHeaders(readable)),
  ];
  if (settings !== null && mistakes.length === 0)
    return { ok: true, config: resolveConfig(settings, file, env) };
  return { ok: false, mistakes, rest: readable === null ? null : resolveConfig(readable, file, env) };
}

const demo = { demo: true };

const isThere = (file: string): boolean => lstatSync(file, { throwIfNoEntry: false }) !== undefined;

function readJson(file: string): { ok: true; value: unknown } | { ok: false; mistake: string } {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    const mistake =
      'expected a readable file (`{}` is enough); TENANTRY_CONFIG names another, or none for the demo';
    return { ok: false, mistake };
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

/** Names the setting as the operator knows it: by its variable, or by its path in the file. */
function describeIssue({ path, expected }: InputIssue, env: Environment): string {
  const variable = variables[path];
  return issueText(
    { path: variable !== undefined && env[variable] ? variable : path, expected },
    '(the file)',
  );
}

/** Read apart from the rest, so that a contradiction is reported beside all other mistakes. */
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

function resolveConfig(file: ConfigFile, path: string, env: Environment): Config {
  const { $schema, ...rest } = file;
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
    platformFile: resolve(dataDir, 'platform.db'),
    metricsToken: env.METRICS_TOKEN || null,
    adminToken: env.ADMIN_TOKEN ?? null,
    auditKey: env.AUDIT_KEY ?? null,
  };
}

const resolveProgram = (server: McpSettings['mcp'], configFile: string): McpSettings['mcp'] =>
  typeof server === 'string' ? server : { ...server, cwd: resolve(dirname(configFile), server.cwd) };

/** A file is relative to the configuration; a URL stays as it is. */
const resolveSource = (source: string, configFile: string): string =>
  /^https?:\/\//.test(source) ? source : resolve(dirname(configFile), source);
