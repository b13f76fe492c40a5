import { z } from 'zod';
import { type MintRequest, plainText } from '#tool';
import { Key, Restrictions } from './key.ts';

const scopes = z.array(z.string().min(1).max(130)).max(100);

/** The fields of minting that every type of key has. */
export const mintFields = {
  name: plainText(100).describe('What people call the key.'),
  scopes: scopes.optional().describe('Exactly these scopes; an empty list allows nothing.'),
  additional_scopes: scopes.optional().describe('The canonical set and these.'),
  owner: plainText(200).optional().describe('The person or team that answers for the key.'),
  purpose: plainText(500).optional().describe('What the key is for.'),
  expires_in_days: z
    .union([z.int().min(1).max(3650), z.literal('never')])
    .optional()
    .describe(
      'Days until it expires, or "never"; the configured lifetime when left out. Never beyond the end of the calling key.',
    ),
  restrictions: Restrictions.optional().describe('Narrows the key further than its scopes.'),
};

const MintFields = z.object(mintFields);

export const toMintRequest = (input: z.output<typeof MintFields>): Omit<MintRequest, 'scopeType'> => ({
  name: input.name,
  scopes: input.scopes,
  additionalScopes: input.additional_scopes,
  owner: input.owner,
  purpose: input.purpose,
  expiresInDays: input.expires_in_days,
  restrictions: input.restrictions,
});

export const Minted = z.object({
  key: Key,
  auth_token: z.string().describe('The plaintext; shown this once.'),
  warning: z.string(),
});
