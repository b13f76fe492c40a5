import { z } from 'zod';
import { organizationStatuses } from '#tool';

/** An organisation as the operator sees it. Times are ISO 8601 in UTC. */
export const Organization = z.object({
  organization_id: z.string(),
  name: z.string(),
  external_id: z.string().nullable().describe("The platform's own id for it."),
  status: z.enum(organizationStatuses),
  created_at: z.iso.datetime(),
});

export const organizationName = z.string().trim().min(1).max(200).describe('What people call it.');

/** The path parameter; whatever it holds, an organisation that is not there is answered alike. */
export const ById = z.strictObject({ organization_id: z.string().min(1).max(64).describe('org_…') });
