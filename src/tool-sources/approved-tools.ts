import { hash, randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';
import type { McpSettings, OpenApiSettings } from '../config/downstreams.ts';
import { isPrivate } from '../config/own-folder.ts';
import { isRecord, parseJson } from '../json.ts';

/**
 * Everything that a source says about one tool and that reaches a model or decides what is sent. It is hashed as a
 * whole.
 */
export type Offer = {
  readonly name: string;
  readonly title?: string | undefined;
  readonly description?: string | undefined;
  readonly [part: string]: unknown;
};

/** A tool as an upstream MCP server lists it. */
export type UpstreamTool = {
  readonly name: string;
  readonly title?: string | undefined;
  readonly description?: string | undefined;
  readonly inputSchema: Readonly<Record<string, unknown>>;
  readonly outputSchema?: Readonly<Record<string, unknown>> | undefined;
  readonly annotations?: Readonly<Record<string, unknown>> | undefined;
};

const File = z.record(z.string(), z.record(z.string(), z.string().regex(/^[0-9a-f]{64}$/)));

/** The key of a server's approvals. Another server under the same prefix starts without approvals. */
export const serverName = ({ prefix, mcp }: McpSettings): string =>
  hashedName(prefix, typeof mcp === 'string' ? mcp : [mcp.command, ...mcp.args].join(' '));

/**
 * The key of a document's approvals: prefix, origin and path. The query is left out, because it may be a secret that
 * changes. Another document under the same prefix starts without approvals.
 */
export function documentName({ prefix, openapi }: Pick<OpenApiSettings, 'prefix' | 'openapi'>): string {
  const { origin, pathname } = new URL(openapi);
  return hashedName(`${prefix} openapi`, origin + pathname);
}

/** A hash in place of arguments and paths, which may contain secrets; the program or the host stays readable. */
function hashedName(prefix: string, place: string): string {
  const [shown] = /^https?:\/\/[^/]+|^\S*/.exec(place) ?? [];
  return `${prefix} ${shown} sha256:${hash('sha256', place)}`;
}

const isHashed = (name: string): boolean => / sha256:[0-9a-f]{64}$/.test(name);

/** Approvals under hashed names. Earlier versions stored the address in plain text. */
function withHashedNames(approved: Approved): Approved {
  const renamed = Object.entries(approved)
    .filter(([name]) => !isHashed(name))
    .map(([name, tools]) => {
      const [prefix = '', ...place] = name.split(' ');
      return [hashedName(prefix, place.join(' ')), tools] as const;
    });
  const kept = Object.entries(approved).filter(([name]) => isHashed(name));
  return Object.fromEntries([...renamed, ...kept]);
}

/** Whether the document needs approval: one by URL, which others can change. A file is the operator's own. */
export const isPinned = ({ openapi }: Pick<OpenApiSettings, 'openapi'>): boolean =>
  /^https?:\/\//.test(openapi);

/** The approved hashes of one source, by the tool's name. */
export type Hashes = Readonly<Record<string, string>>;

/** The approved hashes of every source, by the source's name. */
type Approved = z.infer<typeof File>;

/** Where approvals are stored. A trial looks for mistakes only, and approves nothing. */
export type Approvals = { readonly file: string; readonly isTrial: boolean };

/** SHA-256 of the whole offer, in hexadecimal. */
export const hashOf = (offer: Offer): string => hash('sha256', canonical(offer));

export const hashesOf = (offers: readonly Offer[]): Hashes =>
  Object.fromEntries(offers.map((offer) => [offer.name, hashOf(offer)]));

/** All parts of a tool that reach a model. */
export const offerOf = (tool: UpstreamTool): Offer => {
  const { name, title, description, inputSchema, outputSchema, annotations } = tool;
  return { name, title, description, inputSchema, outputSchema, annotations };
};

/** Whether the operator has approved exactly this offer. */
export const isApproved = (approved: Hashes, offer: Offer): boolean =>
  Object.hasOwn(approved, offer.name) && approved[offer.name] === hashOf(offer);

/**
 * SHA-256 of everything that a source offers. The prefix separates it from hashes for other purposes. With 256 bits
 * nobody can build a harmless and a harmful list of the same digest.
 */
export const digestOf = (source: string, offers: readonly Offer[]): string =>
  hash('sha256', canonical(['tenantry downstreams approve', source, offers.map(hashOf).sort()]));

/** JSON with sorted keys: the order in which a server sends them must not matter. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => {
    if (!isRecord(inner)) return inner;
    return Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}

/**
 * The approvals in `file`; none when the file does not exist.
 *
 * @throws Error with a sentence for the operator when the file cannot be read
 */
export function readApproved(file: string): Approved {
  if (!existsSync(file)) return {};
  const parsed = File.safeParse(parseJson(readFileSync(file, 'utf8')));
  if (!parsed.success) throw new Error(`${file} is not as "tenantry downstreams approve" writes it`);
  return withHashedNames(parsed.data);
}

/** Rewrites a file of an earlier version, which has unhashed names or is readable by others. */
function renewFile(file: string): void {
  if (!existsSync(file)) return;
  const names = Object.keys(JSON.parse(readFileSync(file, 'utf8')));
  if (!isPrivate(file) || !names.every(isHashed)) replaceFile(file, readApproved(file));
}

/** Replaces all approvals of one source at once. */
export function writeApproved(file: string, source: string, hashes: Hashes): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  replaceFile(file, { ...readApproved(file), [source]: hashes });
}

/** Flushes before renaming: after a power cut the file must not be empty, because the program would refuse to start. */
function replaceFile(file: string, approved: Approved): void {
  const written = `${file}.${randomUUID()}`;
  writeFileSync(written, `${JSON.stringify(approved, null, 2)}\n`, { mode: 0o600, flush: true });
  renameSync(written, file);
}

/**
 * The approvals of a source. On first sight everything that it offers is approved, because the operator chose it; later
 * changes wait for approval.
 */
export function approvedOf(
  { file, isTrial }: Approvals,
  source: string,
  offers: readonly Offer[],
): { readonly approved: Hashes; readonly isFirstSeen: boolean } {
  const known = readApproved(file)[source];
  if (!isTrial) renewFile(file);
  if (known !== undefined) return { approved: known, isFirstSeen: false };
  const approved = hashesOf(offers);
  if (!isTrial) writeApproved(file, source, approved);
  return { approved, isFirstSeen: true };
}
