import { z } from 'zod';

/** Organisations by id; one that is not there is `NOT_FOUND`. */
export const organizationIds = z.array(z.string().min(1).max(64)).max(5_000);

export const hostKeyId = z.string().min(1).max(64).describe('The id of the host key, key_…');

/** The organisations that the host key may act for, after a change of them. */
export const Grants = z.object({ organization_ids: z.array(z.string()) });
