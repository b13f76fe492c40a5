import type { AuditRow } from '../audit/audit-event.ts';
import { AppError } from '../errors.ts';
import { type KeyId, type OrganizationId, parseKeyId, type UserId } from '../ids.ts';
import { requireOrganizationId } from '../organization.ts';
import { DAY_MS, type KeyRecord, type Keyspace, keyStatus } from './key-record.ts';
import type { KeyFilter, KeyPage } from './key-store.ts';
import type { KeyUses } from './key-uses.ts';
import type { KeyView } from './key-wire.ts';
import { type Minter, type MintRequest, nameOf, requireLiveActor } from './mint.ts';
import { type MintDeps, mintKey } from './mint-key.ts';
import type { RotateRequest } from './rotate.ts';
import { rotateKey } from './rotate-key.ts';
import { decideUpdate, type UpdateRequest } from './update.ts';

/** Who manages keys, and how it is written down: a request's audit slot, or the operator's own row. */
export type KeyAuthor = {
  readonly minter: Minter;
  /** Whoever is no admin manages their own keys; those of others are as unknown as any. Null for all keys. */
  readonly onlyOf: UserId | null;
  readonly row: (change: Readonly<Record<string, unknown>>) => AuditRow;
  /** Told once a row is committed; a change that changes nothing writes none. */
  readonly committed: () => void;
};

export type ManageKeysDeps = MintDeps & { readonly keyUses: KeyUses };

export type KeyQuery = Pick<KeyFilter, 'status' | 'scopeType' | 'userId'>;
export type MintedView = { readonly key: KeyView; readonly plaintext: string };
export type RotatedView = MintedView & { readonly old: KeyView };
export type RevokedView = {
  readonly key: KeyView;
  /** False for a key that was revoked before: it stays as it is. */
  readonly changed: boolean;
  /** Live keys that the revoked key made. */
  readonly createdKeys: readonly KeyView[];
};

/** The keys of one keyspace; an id that is foreign, unknown or malformed is answered `KEY_NOT_FOUND`. */
export type ManagedKeys = {
  list(query: KeyQuery, page: KeyPage): Promise<readonly KeyView[]>;
  get(keyId: string): Promise<KeyView>;
  mint(request: MintRequest): Promise<MintedView>;
  rotate(keyId: string, request: RotateRequest): Promise<RotatedView>;
  update(keyId: string, request: UpdateRequest): Promise<KeyView>;
  revoke(keyId: string): Promise<RevokedView>;
};

export function manageKeys(keyspace: Keyspace, author: KeyAuthor, deps: ManageKeysDeps): ManagedKeys {
  const { keys, mintRules } = deps;
  const { minter, onlyOf } = author;
  const actor = 'caller' in minter ? minter.caller.key.id : null;
  const view = (key: KeyRecord): KeyView => ({
    ...key,
    status: keyStatus(key, deps.now(), mintRules.staleAfterDays),
  });
  const requireTheirs = (key: KeyRecord | undefined): KeyRecord => {
    if (key === undefined || (onlyOf !== null && key.userId !== onlyOf)) throw noSuchKey(keyspace);
    return key;
  };

  return {
    async list(query, page) {
      const own = onlyOf === null ? {} : { userId: onlyOf };
      const staleAfterMs = mintRules.staleAfterDays * DAY_MS;
      const found = await keys.list(keyspace, { ...query, ...own, nowMs: deps.now(), staleAfterMs }, page);
      return found.map(view);
    },
    get: async (keyId) => view(requireTheirs(await keys.get(keyspace, requireKeyId(keyId)))),
    async mint(request) {
      const { key, plaintext } = await mintKey(keyspace, request, minter, author.row, deps);
      author.committed();
      return { key: view(key), plaintext };
    },
    async rotate(keyId, request) {
      const id = requireKeyId(keyId);
      const { key, plaintext, old } = await rotateKey(keyspace, id, request, minter, author.row, deps);
      author.committed();
      return { key: view(key), plaintext, old: { ...view(old), ...lastUse(old, deps.keyUses) } };
    },
    async update(keyId, request) {
      const id = requireKeyId(keyId);
      const nowMs = deps.now();
      const key = await keys.change(
        keyspace,
        id,
        actor,
        (current, asking) => {
          requireLiveActor(minter, asking, nowMs);
          return decideUpdate(request, requireTheirs(current), nowMs);
        },
        ({ prefix }) => author.row({ updated: id, prefix, ...request }),
      );
      // Where there is no such key nothing was written, and the refusal needs its row.
      const updated = requireTheirs(key);
      author.committed();
      return view(updated);
    },
    async revoke(keyId) {
      const id = requireKeyId(keyId);
      const nowMs = deps.now();
      let changed = false;
      const key = await keys.change(
        keyspace,
        id,
        actor,
        (current, asking) => {
          requireLiveActor(minter, asking, nowMs);
          changed = requireTheirs(current).revokedAtMs === null;
          return changed ? { revokedAtMs: nowMs, revokedBy: nameOf(minter), isDefault: false } : null;
        },
        ({ prefix }) => author.row({ revoked: id, prefix }),
      );
      const revoked = requireTheirs(key);
      if (changed) author.committed();
      const created = await keys.listCreatedBy(keyspace, revoked.prefix, nowMs);
      return { key: view(revoked), changed, createdKeys: created.map(view) };
    },
  };
}

/** Organisations, by id, that a host key may act for from now on, and those that it may no longer act for. */
export type GrantRequest = { readonly add: readonly string[]; readonly withdraw: readonly string[] };

/**
 * Changes which organisations a host key may act for; answers those that it may act for then.
 *
 * @throws KEY_NOT_FOUND; NOT_FOUND for an organisation that is not there
 */
export async function changeGrants(
  keyId: string,
  change: GrantRequest,
  author: KeyAuthor,
  { keys, now }: ManageKeysDeps,
): Promise<readonly OrganizationId[]> {
  const id = requireKeyId(keyId);
  const add = change.add.map(requireOrganizationId);
  const withdraw = change.withdraw.map(requireOrganizationId);
  if (add.some((organizationId) => withdraw.includes(organizationId))) {
    throw new AppError('VALIDATION_ERROR', { message: 'An organisation is granted or withdrawn, not both.' });
  }
  let isWritten = false;
  const grants = await keys.changeGrants(id, now(), { add, withdraw }, ({ prefix }, done) => {
    isWritten = true;
    return author.row({ host_key: id, prefix, granted: done.add, withdrawn: done.withdraw });
  });
  if (grants === undefined) throw noSuchKey('operator');
  if (isWritten) author.committed();
  return grants;
}

/** This process may know of a later use than the store, which is told once a minute. */
function lastUse(key: KeyRecord, keyUses: KeyUses): Pick<KeyRecord, 'lastUsedAtMs' | 'lastClient'> {
  const latest = keyUses.latest(key.id);
  if (latest === undefined || latest.atMs <= (key.lastUsedAtMs ?? 0)) return key;
  return { lastUsedAtMs: latest.atMs, lastClient: latest.client };
}

/** An id that is not even well formed is answered like one that does not exist. @throws KEY_NOT_FOUND */
export function requireKeyId(text: string): KeyId {
  const id = parseKeyId(text);
  if (id === undefined) throw new AppError('KEY_NOT_FOUND');
  return id;
}

/** Of the operator's keys no organisation has any. */
const noSuchKey = (keyspace: Keyspace): AppError =>
  new AppError('KEY_NOT_FOUND', keyspace === 'operator' ? { message: 'There is no such host key.' } : {});
