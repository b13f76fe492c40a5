import { createCipheriv, createDecipheriv, hash, hkdfSync, randomBytes } from 'node:crypto';
import { AppError } from '../../errors.ts';
import type { TenantPrincipal } from '../../principal.ts';

const LIFETIME_MS = 86_400_000;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/**
 * What is sealed is filled up to this: its length must not tell how many digits a position has. Ours all fit in, and a
 * cursor stays under 256 characters; a platform's longer one goes up in steps.
 */
const SEALED_BYTES = 160;
const STEP_BYTES = 32;

/** Seals where a page ended, so that only the same caller, asking the same question, can go on from there. */
export type Cursors = {
  seal(position: string, binding: CursorBinding): string;
  /** @throws INVALID_CURSOR for another caller's, another question's, an old or a garbled cursor, all alike */
  open(cursor: string, binding: CursorBinding): string;
};

export type CursorBinding = {
  readonly principal: TenantPrincipal;
  readonly tool: string;
  readonly input: object;
};

/** AES-256-GCM with the binding as associated data; `secret` is made with the store. */
export function createCursors(secret: Buffer, now: () => number): Cursors {
  const key = Buffer.from(hkdfSync('sha256', secret, '', 'tenantry cursor', 32));
  return {
    seal(position, binding) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(associatedData(binding));
      return Buffer.concat([
        nonce,
        cipher.update(filledUp(JSON.stringify([position, now() + LIFETIME_MS]))),
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

/** JSON may end in blanks. */
function filledUp(json: string): Buffer {
  const bytes = Buffer.from(json);
  const length = Math.max(SEALED_BYTES, Math.ceil(bytes.length / STEP_BYTES) * STEP_BYTES);
  return Buffer.concat([bytes, Buffer.alloc(length - bytes.length, ' ')]);
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

function associatedData({ principal, tool, input }: CursorBinding): Buffer {
  const { cursor: _, ...question } = input as { cursor?: unknown };
  const text = JSON.stringify([principal.organization.id, principal.subjectId, tool, question]);
  return hash('sha256', text, 'buffer');
}
