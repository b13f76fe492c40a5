import { closeSync, fstatSync, openSync, readdirSync, readSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { createKeyFormat } from '../../src/keys/key-format.ts';

/** The form of a key behind its brand, in any position: it needs no boundary around it. */
const shaped = /_[0-9A-Za-z]{8}_[0-9A-Za-z]{49}/g;
const LONGEST_BRAND = 13;
const SECRET_LENGTH = 43;
/** A secret that a page of a file cuts in two has so many characters in a row left, at one end or the other. */
const FRAGMENT = 16;
const runs = /[0-9A-Za-z]{16,}/g;
const CHUNK_BYTES = 32 * 1024 * 1024;
const OVERLAP = 128;

/** Both ends of every secret that this test process was shown, with the prefix of its key. */
const fragments = new Map<string, string>();
const filesOfTests = new Set<string>();

/** Every text of a key's form and with a right checksum, of any brand. */
export function keysIn(text: string): string[] {
  return [...text.matchAll(shaped)].flatMap(({ 0: rest, index }) => {
    const before = /[a-z]*$/.exec(text.slice(Math.max(0, index - LONGEST_BRAND), index))?.[0] ?? '';
    const brands = Array.from(before, (_, start) => before.slice(start));
    const brand = brands.find((each) => createKeyFormat(each).parse(each + rest) !== undefined);
    return brand === undefined ? [] : [brand + rest];
  });
}

/** From here on the secret part alone is searched for as well. */
export function noteKey(plaintext: string): void {
  const [brand = '', prefix = '', rest = ''] = plaintext.split('_');
  const secret = rest.slice(0, SECRET_LENGTH);
  if (secret.length < SECRET_LENGTH) return;
  for (const end of [secret.slice(0, FRAGMENT), secret.slice(-FRAGMENT)]) {
    fragments.set(end, `${brand}_${prefix}`);
  }
}

/** Notes every key that somebody was shown. */
export const noteKeysIn = (text: string): void => keysIn(text).forEach(noteKey);

/** For a file into which a test, or a command that it told to, writes keys for somebody to use. */
export function mayHoldKeys(file: string): string {
  filesOfTests.add(resolve(file));
  return file;
}

/** The prefixes of the keys of which more than the prefix is in `text`, bytes taken as characters. */
export function secretsIn(text: string): string[] {
  const found = new Set(keysIn(text).map((key) => key.slice(0, key.lastIndexOf('_'))));
  for (const [run] of fragments.size === 0 ? [] : text.matchAll(runs)) {
    for (let start = 0; start + FRAGMENT <= run.length; start += 1) {
      const prefix = fragments.get(run.slice(start, start + FRAGMENT));
      if (prefix !== undefined) found.add(prefix);
    }
  }
  return [...found];
}

/** One line for each key and file below `folder` that holds it, except the files that tests wrote. */
export function secretsBelow(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return files
    .filter((file) => !filesOfTests.has(file))
    .flatMap((file) => secretsInFile(file).map((prefix) => `${prefix} in ${relative(folder, file)}`));
}

export function secretsInFile(file: string): string[] {
  const found = new Set<string>();
  for (const text of chunksOf(file)) for (const prefix of secretsIn(text)) found.add(prefix);
  return [...found];
}

/** The file's bytes as characters; a text that a boundary would cut is whole in the next chunk. */
function* chunksOf(file: string): Generator<string> {
  const handle = openSync(file, 'r');
  try {
    const chunk = Buffer.allocUnsafe(Math.min(fstatSync(handle).size, CHUNK_BYTES));
    for (let at = 0; ; at += CHUNK_BYTES - OVERLAP) {
      const size = readSync(handle, chunk, 0, chunk.length, at);
      yield chunk.toString('latin1', 0, size);
      if (size < CHUNK_BYTES) return;
    }
  } finally {
    closeSync(handle);
  }
}

type Searched = {
  /** Every file below is read. */
  readonly folder?: string;
  /** Texts by their name, such as a log. */
  readonly texts?: Readonly<Record<string, string>>;
};

/** @throws naming each key that was written down in plain, and where; the key itself is not repeated */
export function requireNoSecrets({ folder, texts = {} }: Searched): void {
  const inTexts = Object.entries(texts).flatMap(([name, text]) =>
    secretsIn(text).map((prefix) => `${prefix} in ${name}`),
  );
  const found = [...(folder === undefined ? [] : secretsBelow(folder)), ...inTexts];
  if (found.length > 0) throw new Error(`a key was written down in plain: ${found.join('; ')}`);
}

const KEY = '[a-z]+_[0-9A-Za-z]{8}_[0-9A-Za-z]{49}';
/** The lines that show a key once, at the first start of a demo. */
const shownOnce = new RegExp(
  `^(?: +(?:default|manager) key +${KEY}| +"Authorization": "Bearer ${KEY}",| +export TENANTRY_URL=\\S+ TENANTRY_API_KEY=${KEY})$`,
  'gm',
);
/** Commands whose output is a new key, or the answer of a server to its client. */
const showKeys = /^(?:orgs create|keys mint|keys rotate|call|stdio|demo)\b/;

type Output = { readonly stdout: string; readonly stderr: string };

/** What a run of the program said, less what the contract has it print, once. */
export function unaskedOutput(args: readonly string[], { stdout, stderr }: Output): Record<string, string> {
  const command = args.join(' ');
  return {
    ...(showKeys.test(command) ? {} : { [`the output of "${command}"`]: stdout }),
    [`the standard error of "${command}"`]: stderr.replaceAll(shownOnce, ''),
  };
}
