import { randomFillSync } from 'node:crypto';
import { monotonicFactory } from 'ulid';
import { v7 as uuidv7 } from 'uuid';

declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

export type OrganizationId = Branded<'OrganizationId'>;
export type KeyId = Branded<'KeyId'>;
export type UserId = Branded<'UserId'>;
export type GroupId = Branded<'GroupId'>;
export type RequestId = Branded<'RequestId'>;

/** Crockford base32 in upper case; the first character of a ULID is at most 7 (https://github.com/ulid/spec). */
const ULID = '[0-7][0-9A-HJKMNP-TV-Z]{25}';

function idParser<Id extends string>(tag: string): (text: unknown) => Id | undefined {
  const pattern = new RegExp(`^${tag}_${ULID}$`);
  // Without the m flag, `$` matches only at the very end: no trailing newline passes.
  return (text) => (typeof text === 'string' && pattern.test(text) ? (text as Id) : undefined);
}

/** The organisation id that `text` is, or undefined. Nothing is trimmed or case-folded. */
export const parseOrganizationId = idParser<OrganizationId>('org');
export const parseKeyId = idParser<KeyId>('key');
export const parseUserId = idParser<UserId>('usr');
export const parseGroupId = idParser<GroupId>('grp');

/** Ids of one process sort by creation, also within one millisecond. */
const nextUlid = monotonicFactory();

/** `nowMs` is the creation time that the id encodes, in milliseconds since 1970. */
export const newOrganizationId = (nowMs: number): OrganizationId =>
  `org_${nextUlid(nowMs)}` as OrganizationId;
export const newUserId = (nowMs: number): UserId => `usr_${nextUlid(nowMs)}` as UserId;
export const newGroupId = (nowMs: number): GroupId => `grp_${nextUlid(nowMs)}` as GroupId;
export const newKeyId = (nowMs: number): KeyId => `key_${nextUlid(nowMs)}` as KeyId;
export const newRequestId = (): RequestId => uuidv7({ rng: nextRandom }) as RequestId;

const UUID_BYTES = 16;
const drawn = Buffer.alloc(256 * UUID_BYTES);
let used = drawn.length;

/** Sixteen random bytes. They are drawn in bulk, because every request needs an id. */
function nextRandom(): Uint8Array {
  if (used === drawn.length) {
    randomFillSync(drawn);
    used = 0;
  }
  used += UUID_BYTES;
  return drawn.subarray(used - UUID_BYTES, used);
}
