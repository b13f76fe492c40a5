import { createHash, randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';
import type { McpSettings } from '../config-downstream.ts';

/** What an upstream server says of one of its tools. */
export type UpstreamTool = {
  readonly name: string;
  readonly title?: string | undefined;
  readonly description?: string | undefined;
  readonly inputSchema: Readonly<Record<string, unknown>>;
  readonly outputSchema?: Readonly<Record<string, unknown>> | undefined;
  readonly annotations?: Readonly<Record<string, unknown>> | undefined;
};

const DIGEST_LENGTH = 16;

const File = z.record(z.string(), z.record(z.string(), z.string().regex(/^[0-9a-f]{64}$/)));

/** Another server under the same prefix has nothing approved. */
export const serverName = ({ prefix, mcp }: McpSettings): string =>
  `${prefix} ${typeof mcp === 'string' ? mcp : [mcp.command, ...mcp.args].join(' ')}`;

/** Stands for all that a server says of its tools. */
export const digestOf = (tools: readonly UpstreamTool[]): string =>
  createHash('sha256').update(tools.map(fingerprint).sort().join(' ')).digest('hex').slice(0, DIGEST_LENGTH);

/** By server and tool: the hash of the description that the operator has approved. */
export type Approved = z.infer<typeof File>;

/** Everything of a tool that reaches a model, in one hash. */
export function fingerprint({
  name,
  title,
  description,
  inputSchema,
  outputSchema,
  annotations,
}: UpstreamTool): string {
  const said = { name, title, description, inputSchema, outputSchema, annotations };
  return createHash('sha256').update(canonical(said)).digest('hex');
}

/** JSON whose objects have their names in order: the order in which a server writes them says nothing. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => {
    if (typeof inner !== 'object' || inner === null || Array.isArray(inner)) return inner;
    return Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}

/** The approvals in `file`; none where it is not there. Throws a sentence for one that cannot be read. */
export function readApproved(file: string): Approved {
  if (!existsSync(file)) return {};
  const parsed = File.safeParse(JSON.parse(readFileSync(file, 'utf8')));
  if (parsed.success) return parsed.data;
  throw new Error(`${file} is not as "tenantry downstreams approve" writes it`);
}

/** Replaces what was approved of one server, all at once. */
export function writeApproved(file: string, server: string, tools: readonly UpstreamTool[]): void {
  const hashes = Object.fromEntries(tools.map((tool) => [tool.name, fingerprint(tool)]));
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const written = `${file}.${randomUUID()}`;
  writeFileSync(written, `${JSON.stringify({ ...readApproved(file), [server]: hashes }, null, 2)}\n`);
  renameSync(written, file);
}
