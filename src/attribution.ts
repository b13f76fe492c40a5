import type { KeyId, OrganizationId, UserId } from './ids.ts';

/** The kind of credential that acted; the audit row records it. */
export type Tier =
  | 'organization-key'
  | 'host-key'
  | 'workspace-token'
  | 'admin-token'
  | 'bootstrap'
  | 'cli'
  | 'system'
  | 'none';

/** The identity that an audit row shows. A refused credential has the tier `none`. */
export type Attribution = {
  readonly tier: Tier;
  readonly organizationId: OrganizationId | null;
  readonly keyId: KeyId | null;
  readonly keyPrefix: string | null;
  readonly createdBy: string | null;
  readonly userId: UserId | null;
  /** Why the operator used ADMIN_TOKEN. The organisation can read it in its audit. */
  readonly breakGlassReason?: string;
};

/** An attribution with a tier and no identity. */
export const attributedTo = (tier: Tier): Attribution => ({
  tier,
  organizationId: null,
  keyId: null,
  keyPrefix: null,
  createdBy: null,
  userId: null,
});

export const nobody: Attribution = attributedTo('none');
