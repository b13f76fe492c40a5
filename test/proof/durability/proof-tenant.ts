import { asOperator } from '../../support/operator.ts';
import type { Book } from './acts.ts';

export type ProofTenant = {
  readonly organizationId: string;
  /** Reads. */
  readonly defaultKey: string;
  /** Mints, rotates and revokes. */
  readonly manager: string;
};

/** An organisation of its own, made over HTTP by the operator; what was acknowledged on the way is in the book. */
export async function makeTenant(url: string, name: string, book: Book): Promise<ProofTenant> {
  const made = await asOperator({ url }, '/admin/organizations', { body: { name } });
  const organizationId = String(made.body?.organization?.organization_id);
  const minted = await asOperator({ url }, '/v1/keys', {
    organizationId,
    body: {
      scope_type: 'global',
      name: 'manager',
      additional_scopes: ['key:read', 'key:write', 'research_group:write'],
    },
  });
  if (made.status !== 201 || minted.status !== 201) {
    throw new Error(`no tenant: ${made.status} ${minted.status}`);
  }
  const keyId = String(minted.body.key.id);
  book.acts.push({ kind: 'mint', requestId: minted.headers.get('x-request-id') ?? '', keyId });
  book.plaintexts.set(keyId, minted.body.auth_token);
  return { organizationId, defaultKey: made.body.auth_token, manager: minted.body.auth_token };
}
