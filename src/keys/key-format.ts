import { hash, randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const PREFIX_LENGTH = 8;
const SECRET_LENGTH = 43;
const CHECKSUM_LENGTH = 6;

/** A well-formed key: its displayed prefix, and the SHA-256 under which the store finds it. */
type ParsedKey = { readonly prefix: string; readonly hash: Buffer };
type GeneratedKey = ParsedKey & { readonly plaintext: string };

/** Generates and parses keys of one brand (`keys.brand` and `keys.environment`). */
export type KeyFormat = {
  /** A workspace token has the form `<brand>w_…`. */
  generate(isWorkspaceToken?: boolean): GeneratedKey;
  /** The parsed key; undefined for another brand, another form or a wrong checksum, before any store is read. */
  parse(text: string): ParsedKey | undefined;
  /** Whether workspace tokens are accepted at all. */
  readonly hasWorkspaceTokens: boolean;
  /** Decides by form only. False when workspace tokens are disabled. */
  isWorkspaceToken(text: string): boolean;
};

type Options = {
  /** When false, a workspace token is not parsed as a key. */
  readonly workspaceTokens?: boolean;
  readonly random?: (bytes: number) => Buffer;
};

export function createKeyFormat(
  brand: string,
  { workspaceTokens = false, random = randomBytes }: Options = {},
): KeyFormat {
  const pattern = new RegExp(
    `^${brand}${workspaceTokens ? 'w?' : ''}_[0-9A-Za-z]{${PREFIX_LENGTH}}_[0-9A-Za-z]{${SECRET_LENGTH + CHECKSUM_LENGTH}}$`,
  );
  return {
    generate(isWorkspaceToken = false) {
      const prefix = `${brand}${isWorkspaceToken ? 'w' : ''}_${base62(PREFIX_LENGTH, random)}`;
      const body = `${prefix}_${base62(SECRET_LENGTH, random)}`;
      const plaintext = body + checksum(body);
      return { plaintext, prefix, hash: hashKey(plaintext) };
    },
    parse(text) {
      if (!pattern.test(text)) return undefined;
      const body = text.slice(0, -CHECKSUM_LENGTH);
      if (text.slice(-CHECKSUM_LENGTH) !== checksum(body)) return undefined;
      return { prefix: text.slice(0, text.indexOf('_') + 1 + PREFIX_LENGTH), hash: hashKey(text) };
    },
    hasWorkspaceTokens: workspaceTokens,
    isWorkspaceToken: (text) => text.startsWith(`${brand}w_`) && pattern.test(text),
  };
}

/** SHA-256 suffices: the secret has 256 bits, so a slow hash would protect nothing guessable. */
const hashKey = (plaintext: string): Buffer => hash('sha256', plaintext, 'buffer');

/** CRC-32 (zlib) in base62, left-padded. It catches typing errors and is no secret. */
function checksum(body: string): string {
  let rest = crc32(body);
  let digits = '';
  for (let place = 0; place < CHECKSUM_LENGTH; place += 1) {
    digits = ALPHABET.charAt(rest % 62) + digits;
    rest = Math.floor(rest / 62);
  }
  return digits;
}

/** Uniform characters: bytes of 248 and more are discarded, because 256 is no multiple of 62. */
function base62(length: number, random: (bytes: number) => Buffer): string {
  let text = '';
  while (text.length < length) {
    for (const byte of random(length)) {
      if (byte < 248 && text.length < length) text += ALPHABET.charAt(byte % 62);
    }
  }
  return text;
}
