import type { Mutate } from '../audit/mutate.ts';
import { AppError } from '../errors.ts';
import { type KeyId, type OrganizationId, parseKeyId } from '../ids.ts';
import { requireOrganizationId } from '../organization.ts';
import type { Principal } from '../principal.ts';
import { requirePlainTexts } from '../secrets/plain-text.ts';
import { DAY_MS, type KeyRecord, type Keyspace, keyStatus } from './key-record.ts';
import type { ActorKey, KeyChange, KeyFilter, KeyPage } from './key-store.ts';
import type { KeyUses } from './key-uses.ts';
import type { KeyView } from './key-wire.ts';
import { type MintDeps, mintKey } from './mint-key.ts';
import { isWithin, type KeyReach } from './policy/key-reach.ts';
import type { MintRequest } from './policy/mint-request.ts';
import { requireKeyManager } from './policy/require-actor.ts';
import type { RotateRequest } from './policy/rotate.ts';
import { decideUpdate, type UpdateRequest } from './policy/update.ts';
import { rotateKey } from './rotate-key.ts';

/** Who manages keys, and how a change is audited: in a request's audit slot, or in a row of the operator. */
export type KeyAccess = {
  readonly principal: Principal;
  /** A key outside of it is answered like one that does not exist. */
  readonly reach: KeyReach;
  readonly mutate: Mutate;
};

export type ManageKeysDeps = MintDeps & { readonly keyUses: KeyUses };

type KeyQuery = Pick<KeyFilter, 'status' | 'scopeType' | 'userId'>;
type MintedView = { readonly key: KeyView; readonly plaintext: string };
export type RotatedView = MintedView & { readonly old: KeyView };
type RevokedView = {
  readonly key: KeyView;
  /** False when the key was revoked already; it is left unchanged. */
  readonly changed: boolean;
  /** Live keys that the revoked key created. */
  readonly createdKeys: readonly KeyView[];
};

/** The keys of one keyspace. A foreign, unknown or malformed id throws `KEY_NOT_FOUND`. */
export type ManagedKeys = {
  list(query: KeyQuery, page: KeyPage): Promise<readonly KeyView[]>;
  get(keyId: string): Promise<KeyView>;
  mint(request: MintRequest): Promise<MintedView>;
  rotate(keyId: string, request: RotateRequest): Promise<RotatedView>;
  update(keyId: string, request: UpdateRequest): Promise<KeyView>;
  revoke(keyId: string): Promise<RevokedView>;
};

export function manageKeys(keyspace: Keyspace, access: KeyAccess, deps: ManageKeysDeps): ManagedKeys {
  const { keys, mintRules } = deps;
  const { principal, reach, mutate } = access;
  const actor = principal.key?.id ?? null;
  const view = (key: KeyRecord): KeyView => ({
    ...key,
    status: keyStatus(key, deps.now(), mintRules.staleAfterDays),
  });
  const requireTheirs = (key: KeyRecord | undefined): KeyRecord => {
    if (key === undefined || !isWithin(key, reach)) throw noSuchKey(keyspace);
    return key;
  };
  /** Changes a key within reach. Who asks is judged inside the transaction, before the key is. */
  const change = async (
    id: KeyId,
    nowMs: number,
    decide: (current: KeyRecord) => KeyChange | null,
    noted: (prefix: string) => Readonly<Record<string, unknown>>,
  ): Promise<KeyRecord> => {
    const decideAsked = (current: KeyRecord, asking: ActorKey | null) => {
      requireKeyManager(principal, asking, nowMs);
      return decide(requireTheirs(current));
    };
    const key = await mutate((row) =>
      keys.change({ keyspace, keyId: id }, actor, decideAsked, ({ prefix }) => row(noted(prefix))),
    );
    return requireTheirs(key);
  };

  return {
    async list(query, page) {
      const staleAfterMs = mintRules.staleAfterDays * DAY_MS;
      const filter = { ...query, within: reach, nowMs: deps.now(), staleAfterMs };
      const found = await keys.list(keyspace, filter, page);
      return found.map(view);
    },
    get: async (keyId) => view(requireTheirs(await keys.get(keyspace, requireKeyId(keyId, keyspace)))),
    async mint(request) {
      const { name, owner, purpose } = request;
      requirePlainTexts({ name, owner, purpose });
      const { key, plaintext } = await mutate((auditRow) =>
        mintKey(keyspace, request, { principal, auditRow }, deps),
      );
      return { key: view(key), plaintext };
    },
    async rotate(keyId, request) {
      const id = requireKeyId(keyId, keyspace);
      const { key, plaintext, old } = await mutate((auditRow) =>
        rotateKey({ keyspace, keyId: id }, request, { principal, auditRow }, deps),
      );
      return { key: view(key), plaintext, old: { ...view(old), ...lastUse(old, deps.keyUses) } };
    },
    async update(keyId, request) {
      const { name, owner, purpose } = request;
      requirePlainTexts({ name, owner, purpose });
      const id = requireKeyId(keyId, keyspace);
      const nowMs = deps.now();
      const decide = (current: KeyRecord) => decideUpdate(request, current, nowMs);
      return view(await change(id, nowMs, decide, (prefix) => ({ updated: id, prefix, ...request })));
    },
    async revoke(keyId) {
      const id = requireKeyId(keyId, keyspace);
      const nowMs = deps.now();
      let changed = false;
      const decide = ({ revokedAtMs }: KeyRecord): KeyChange | null => {
        changed = revokedAtMs === null;
        return changed ? { revokedAtMs: nowMs, revokedBy: principal.actorName, isDefault: false } : null;
      };
      const revoked = await change(id, nowMs, decide, (prefix) => ({ revoked: id, prefix }));
      const created = await keys.listCreatedBy(keyspace, revoked.prefix, nowMs);
      return {
        key: view(revoked),
        changed,
        createdKeys: created.filter((each) => isWithin(each, reach)).map(view),
      };
    },
  };
}

/** Organisation ids to grant to a host key, and to withdraw from it. */
export type GrantRequest = { readonly add: readonly string[]; readonly withdraw: readonly string[] };

/**
 * Changes the grants of a host key, and returns all of them.
 *
 * @throws VALIDATION_ERROR for an organisation in both lists
 * @throws KEY_NOT_FOUND; NOT_FOUND for an organisation that does not exist
 */
export async function changeGrants(
  keyId: string,
  change: GrantRequest,
  { mutate }: KeyAccess,
  { keys, now }: ManageKeysDeps,
): Promise<readonly OrganizationId[]> {
  const id = requireKeyId(keyId, 'operator');
  const add = change.add.map(requireOrganizationId);
  const withdraw = change.withdraw.map(requireOrganizationId);
  if (add.some((organizationId) => withdraw.includes(organizationId))) {
    throw new AppError('VALIDATION_ERROR', { message: 'An organisation is granted or withdrawn, not both.' });
  }
  const grants = await mutate((row) =>
    keys.changeGrants(id, now(), { add, withdraw }, ({ prefix }, done) =>
      row({ host_key: id, prefix, granted: done.add, withdrawn: done.withdraw }),
    ),
  );
  if (grants === undefined) throw noSuchKey('operator');
  return grants;
}

/** The store learns of uses once a minute, so this process may know a later one. */
function lastUse(key: KeyRecord, keyUses: KeyUses): Pick<KeyRecord, 'lastUsedAtMs' | 'lastClient'> {
  const latest = keyUses.latest(key.id);
  if (latest === undefined || latest.atMs <= (key.lastUsedAtMs ?? 0)) return key;
  return { lastUsedAtMs: latest.atMs, lastClient: latest.client };
}

/**
 * A malformed id is answered like one that does not exist.
 *
 * @throws KEY_NOT_FOUND
 */
export function requireKeyId(text: string, keyspace: Keyspace): KeyId {
  const id = parseKeyId(text);
  if (id === undefined) throw noSuchKey(keyspace);
  return id;
}

/** The table's message speaks of an organisation, which host keys do not have. */
const noSuchKey = (keyspace: Keyspace): AppError =>
  new AppError('KEY_NOT_FOUND', keyspace === 'operator' ? { message: 'There is no such host key.' } : {});
