import { AppError } from './errors.ts';
import { type OrganizationId, parseOrganizationId } from './ids.ts';
import { quoted } from './words/did-you-mean.ts';

export const organizationStatuses = ['active', 'suspended', 'deleted'] as const;
export type OrganizationStatus = (typeof organizationStatuses)[number];

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

/** The id that an operator named. @throws NOT_FOUND for a text that is none */
export function requireOrganizationId(text: string): OrganizationId {
  const id = parseOrganizationId(text);
  if (id !== undefined) return id;
  throw new AppError('NOT_FOUND', {
    message: `Not an organisation id: ${quoted(text)}; expected org_ and 26 characters.`,
  });
}

export const noSuchOrganization = (id: OrganizationId): AppError =>
  new AppError('NOT_FOUND', { message: `There is no organisation ${id}.` });
