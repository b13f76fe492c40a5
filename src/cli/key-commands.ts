import { operatorRow } from '../audit/operator-row.ts';
import { AppError } from '../errors.ts';
import { parseKeyId } from '../ids.ts';
import { DAY_MS, type KeyRecord, type KeyStatus, keyStatus } from '../keys/key-record.ts';
import type { KeyView } from '../keys/key-wire.ts';
import type { MintRequest } from '../keys/mint.ts';
import { mintKey as mint } from '../keys/mint-key.ts';
import { printable } from '../printable.ts';
import type { Scope } from '../scopes/scopes.ts';
import type { Services } from '../services.ts';
import { findOrganization } from './find-organization.ts';

const PAGE = 500;

/**
 * The operator grants anything in the catalogue.
 *
 * @throws NOT_FOUND, VALIDATION_ERROR, KEY_LIMIT_REACHED
 */
export async function mintKey(
  organization: string,
  request: Omit<MintRequest, 'scopeType'>,
  services: Services,
): Promise<{ readonly key: KeyView; readonly plaintext: string }> {
  const { store, mintRules, now } = services;
  requireKnownScopes(request.scopes ?? request.additionalScopes ?? [], services);
  const { id, status } = await findOrganization(organization, services);
  if (status === 'deleted') {
    throw new AppError('NOT_FOUND', { message: `The organisation ${id} is deleted; it gets no more keys.` });
  }
  const { key, plaintext } = await mint(
    id,
    { ...request, scopeType: 'global' },
    { operator: 'cli' },
    (change) => operatorRow({ tier: 'cli', target: 'keys mint', organizationId: id, nowMs: now(), change }),
    { keys: store.keys, mintRules, now },
  );
  return { key: withStatus(key, services), plaintext };
}

/** Every page of the organisation's keys, newest first. */
export async function listKeys(
  organization: string,
  status: KeyStatus | undefined,
  services: Services,
): Promise<readonly KeyView[]> {
  const { store, mintRules, now } = services;
  const { id } = await findOrganization(organization, services);
  const filter = { status, nowMs: now(), staleAfterMs: mintRules.staleAfterDays * DAY_MS };
  const found: KeyRecord[] = [];
  for (;;) {
    const page = await store.keys.list(id, filter, { limit: PAGE, beforeId: found.at(-1)?.id });
    found.push(...page);
    if (page.length < PAGE) return found.map((key) => withStatus(key, services));
  }
}

/** `changed` is false for a key that was revoked before: it stays as it is. @throws NOT_FOUND, KEY_NOT_FOUND */
export async function revokeKey(organization: string, keyIdText: string, services: Services) {
  const { store, now } = services;
  const { id } = await findOrganization(organization, services);
  const keyId = parseKeyId(keyIdText);
  if (keyId === undefined) throw new AppError('KEY_NOT_FOUND');
  const nowMs = now();
  let changed = false;
  const key = await store.keys.change(
    id,
    keyId,
    null,
    (current) => {
      changed = current.revokedAtMs === null;
      return changed ? { revokedAtMs: nowMs, revokedBy: 'cli', isDefault: false } : null;
    },
    (revoked) => {
      const change = { revoked: revoked.id, prefix: revoked.prefix };
      return operatorRow({ tier: 'cli', target: 'keys revoke', organizationId: id, nowMs, change });
    },
  );
  if (key === undefined) throw new AppError('KEY_NOT_FOUND');
  const created = await store.keys.listCreatedBy(id, key.prefix, nowMs);
  const createdKeys = created.map((one) => withStatus(one, services));
  return { key: withStatus(key, services), changed, createdKeys };
}

const withStatus = (key: KeyRecord, { mintRules, now }: Services): KeyView => ({
  ...key,
  status: keyStatus(key, now(), mintRules.staleAfterDays),
});

/** The operator may see what a caller is not told: which scopes are unknown, and which there are. */
function requireKnownScopes(asked: readonly Scope[], { mintRules: { catalogue } }: Services): void {
  const unknown = catalogue.unknown(asked);
  if (unknown.length === 0) return;
  throw new AppError('VALIDATION_ERROR', {
    message: `unknown scopes: ${printable(unknown.join(', '))}; the catalogue has ${catalogue.scopes.join(', ')}`,
  });
}
