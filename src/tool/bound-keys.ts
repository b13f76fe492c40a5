import type { AuditSlot } from '../audit/audit-slot.ts';
import type { Caller } from '../caller.ts';
import { AppError } from '../errors.ts';
import { parseKeyId } from '../ids.ts';
import { DAY_MS, type KeyRecord, keyStatus } from '../keys/key-record.ts';
import type { KeyFilter, KeyPage } from '../keys/key-store.ts';
import type { KeyUses } from '../keys/key-uses.ts';
import type { KeyView } from '../keys/key-wire.ts';
import { type MintRequest, requireLiveActor } from '../keys/mint.ts';
import { type MintDeps, mintKey } from '../keys/mint-key.ts';
import type { Finding } from '../keys/review.ts';
import type { RotateRequest } from '../keys/rotate.ts';
import { rotateKey } from '../keys/rotate-key.ts';
import { decideUpdate, type UpdateRequest } from '../keys/update.ts';
import type { OrganizationStore } from '../provisioning/organization-store.ts';
import type { CanonicalSet, Scope } from '../scopes/scopes.ts';
import { type ReviewDeps, reviewOrganization } from './review-organization.ts';

type RotatedView = { readonly key: KeyView; readonly plaintext: string; readonly old: KeyView };

/** The organisation's keys as the caller may manage them; a foreign id is as unknown as any. */
export type BoundKeys = {
  list(
    filter: Pick<KeyFilter, 'status' | 'scopeType' | 'userId'>,
    page: KeyPage,
  ): Promise<readonly KeyView[]>;
  get(keyId: string): Promise<KeyView>;
  mint(request: MintRequest): Promise<{ readonly key: KeyView; readonly plaintext: string }>;
  rotate(keyId: string, request: RotateRequest): Promise<RotatedView>;
  update(keyId: string, request: UpdateRequest): Promise<KeyView>;
  revoke(keyId: string): Promise<{ readonly key: KeyView; readonly createdKeys: readonly KeyView[] }>;
  review(unusedDays: number): Promise<readonly Finding[]>;
  scopes(): Promise<{ readonly catalogue: readonly Scope[]; readonly canon: CanonicalSet }>;
};

export type KeysDeps = MintDeps &
  ReviewDeps & { readonly organizations: OrganizationStore; readonly keyUses: KeyUses };

export function bindKeys(deps: KeysDeps, caller: Caller, slot: AuditSlot): BoundKeys {
  const { keys, mintRules } = deps;
  const organizationId = caller.organization.id;
  const view = (key: KeyRecord): KeyView => ({
    ...key,
    status: keyStatus(key, deps.now(), mintRules.staleAfterDays),
  });

  return {
    async list(filter, page) {
      const staleAfterMs = mintRules.staleAfterDays * DAY_MS;
      const own = caller.isAdmin || caller.userId === null ? {} : { userId: caller.userId };
      const wanted = { ...filter, ...own, nowMs: deps.now(), staleAfterMs };
      const found = await keys.list(organizationId, wanted, page);
      return found.map(view);
    },
    async get(keyId) {
      const key = await keys.get(organizationId, requireKeyId(keyId));
      if (key === undefined || !isTheirs(key, caller)) throw new AppError('KEY_NOT_FOUND');
      return view(key);
    },
    async mint(request) {
      const { key, plaintext } = await mintKey(organizationId, request, { caller }, slot.successRow, deps);
      slot.settled();
      return { key: view(key), plaintext };
    },
    async rotate(keyId, request) {
      const id = requireKeyId(keyId);
      const rotated = await rotateKey(organizationId, id, request, { caller }, slot.successRow, deps);
      slot.settled();
      const { key, plaintext, old } = rotated;
      return { key: view(key), plaintext, old: { ...view(old), ...lastUse(old, deps.keyUses) } };
    },
    async update(keyId, request) {
      const id = requireKeyId(keyId);
      const nowMs = deps.now();
      const key = await keys.change(
        organizationId,
        id,
        caller.key.id,
        (current, actor) => {
          requireLiveActor({ caller }, actor, nowMs);
          if (!isTheirs(current, caller)) throw new AppError('KEY_NOT_FOUND');
          return decideUpdate(request, current, nowMs);
        },
        ({ prefix }) => slot.successRow({ updated: id, prefix, ...request }),
      );
      if (key === undefined) throw new AppError('KEY_NOT_FOUND');
      slot.settled();
      return view(key);
    },
    async revoke(keyId) {
      const id = requireKeyId(keyId);
      const nowMs = deps.now();
      let changed = false;
      const key = await keys.change(
        organizationId,
        id,
        caller.key.id,
        (current, actor) => {
          requireLiveActor({ caller }, actor, nowMs);
          if (!isTheirs(current, caller)) throw new AppError('KEY_NOT_FOUND');
          if (current.revokedAtMs !== null) return null;
          changed = true;
          return { revokedAtMs: nowMs, revokedBy: caller.key.prefix, isDefault: false };
        },
        (revoked) => slot.successRow({ revoked: revoked.id, prefix: revoked.prefix }),
      );
      if (key === undefined) throw new AppError('KEY_NOT_FOUND');
      if (changed) slot.settled();
      const created = await keys.listCreatedBy(organizationId, key.prefix, nowMs);
      return { key: view(key), createdKeys: created.map(view) };
    },
    // A caller is never of an organisation that is not active.
    review: (unusedDays) => reviewOrganization(organizationId, { unusedDays, isActive: true }, deps),
    async scopes() {
      return { catalogue: mintRules.catalogue.scopes, canon: await deps.organizations.canon() };
    },
  };
}

/** This process may know of a later use than the store, which is told once a minute. */
function lastUse(key: KeyRecord, keyUses: KeyUses): Pick<KeyRecord, 'lastUsedAtMs' | 'lastClient'> {
  const latest = keyUses.latest(key.id);
  if (latest === undefined || latest.atMs <= (key.lastUsedAtMs ?? 0)) return key;
  return { lastUsedAtMs: latest.atMs, lastClient: latest.client };
}

/** Whoever is no admin manages their own keys; those of others are as unknown as any. */
function isTheirs(key: KeyRecord, { isAdmin, userId }: Caller): boolean {
  return isAdmin || userId === null || key.userId === userId;
}

/** An id that is not even well formed is answered like one that does not exist. */
function requireKeyId(text: string) {
  const id = parseKeyId(text);
  if (id === undefined) throw new AppError('KEY_NOT_FOUND');
  return id;
}
