import type { OrganizationId } from './ids.ts';

export type OrganizationStatus = 'active' | 'suspended' | 'deleted';

/** A tenant: everything that a caller sees or does belongs to exactly one. */
export type Organization = {
  readonly id: OrganizationId;
  readonly name: string;
  /** The platform's own id for it, where it has one; unique and unchangeable. */
  readonly externalId: string | null;
  readonly status: OrganizationStatus;
  /** Milliseconds since 1970. */
  readonly createdAtMs: number;
};

/** The id by which the platform knows the organisation: its own one, where it has given one. */
export const platformId = ({ id, externalId }: Pick<Organization, 'id' | 'externalId'>): string =>
  externalId ?? id;
