import { z } from 'zod';
import type { KeyView } from '#tool';
import { Key, toKey } from './key.ts';

/** A key on the organisation's own surface, where every key belongs to the organisation. */
export const OrgToken = Key;

/** The key and, this once, its plaintext, in one object. */
export const MintedOrgToken = Key.extend({ auth_token: z.string(), warning: z.string() });

export const toOrgToken = (key: KeyView) => toKey(key);
