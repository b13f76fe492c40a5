import { z } from 'zod';
import { organizationStatuses, plainText } from '#tool';

/** An organisation on the wire, for the operator. Times are ISO 8601 in UTC. */
export const Organization = z.object({
  organization_id: z.string(),
  name: z.string(),
  external_id: z.string().nullable().describe("The platform's own id for it."),
  status: z.enum(organizationStatuses),
  created_at: z.iso.datetime(),
});

export const organizationName = plainText(200).describe('What people call it.');

/** The path parameter. A malformed id is answered like an unknown one. */
export const ById = z.strictObject({ organization_id: z.string().min(1).max(64).describe('org_…') });
