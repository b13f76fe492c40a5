import { z } from 'zod';

/** Organisation ids; an unknown one is answered with `NOT_FOUND`. */
export const organizationIds = z.array(z.string().min(1).max(64)).max(5_000);

export const hostKeyId = z.string().min(1).max(64).describe('The id of the host key, key_…');

/** All organisations that the host key may act for after the change. */
export const Grants = z.object({ organization_ids: z.array(z.string()) });
