import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto';
import { type Caller, speakerOf } from '../caller.ts';
import { AppError } from '../errors.ts';

const LIFETIME_MS = 86_400_000;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** Seals where a page ended, so that only the same caller, asking the same question, can go on from there. */
export type Cursors = {
  seal(position: string, binding: CursorBinding): string;
  /** @throws INVALID_CURSOR for another caller's, another question's, an old or a garbled cursor, all alike */
  open(cursor: string, binding: CursorBinding): string;
};

export type CursorBinding = { readonly caller: Caller; readonly tool: string; readonly input: object };

/** AES-256-GCM with the binding as associated data; `secret` is made with the store. */
export function createCursors(secret: Buffer, now: () => number): Cursors {
  const key = Buffer.from(hkdfSync('sha256', secret, '', 'tenantry cursor', 32));
  return {
    seal(position, binding) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(associatedData(binding));
      const text = JSON.stringify([position, now() + LIFETIME_MS]);
      return Buffer.concat([
        nonce,
        cipher.update(text, 'utf8'),
        cipher.final(),
        cipher.getAuthTag(),
      ]).toString('base64url');
    },
    open(cursor, binding) {
      const [position, endsAtMs] = decrypt(cursor, key, associatedData(binding));
      if (now() >= endsAtMs) throw new AppError('INVALID_CURSOR');
      return position;
    },
  };
}

function decrypt(cursor: string, key: Buffer, aad: Buffer): [position: string, endsAtMs: number] {
  const bytes = Buffer.from(cursor, 'base64url');
  if (bytes.length <= NONCE_BYTES + TAG_BYTES) throw new AppError('INVALID_CURSOR');
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, NONCE_BYTES), {
    authTagLength: TAG_BYTES,
  });
  decipher.setAAD(aad).setAuthTag(bytes.subarray(-TAG_BYTES));
  try {
    const text =
      decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES), undefined, 'utf8') + decipher.final('utf8');
    return JSON.parse(text);
  } catch (cause) {
    throw new AppError('INVALID_CURSOR', { cause });
  }
}

function associatedData({ caller, tool, input }: CursorBinding): Buffer {
  const { cursor: _, ...question } = input as { cursor?: unknown };
  const text = JSON.stringify([caller.organization.id, speakerOf(caller), tool, question]);
  return createHash('sha256').update(text).digest();
}
