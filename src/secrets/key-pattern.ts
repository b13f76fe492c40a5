/** One token of RFC 6750's alphabet (https://www.rfc-editor.org/rfc/rfc6750#section-2.1). */
const BEARER_TOKEN = /^[A-Za-z0-9\-._~+/]+=*$/;
const KEY = '[a-z]{2,12}w?_[0-9A-Za-z]{8}_[0-9A-Za-z]{49}';
const WHOLE_KEY = new RegExp(`^${KEY}$`);

export const isBearerToken = (text: string): boolean => BEARER_TOKEN.test(text);

/** A key by its looks, of whatever brand; the other credentials are what looks different. */
export const isKeyShaped = (text: string): boolean => WHOLE_KEY.test(text);

/** Shaped like a key or meant as one: nothing else of ours may start so. */
export const looksLikeKey = (text: string): boolean => /^[a-z]{2,12}w?_[0-9A-Za-z]{8}_/.test(text);

/** Keys wherever they stand in a text: `Bearer%20tnt_…` must be caught as well. */
const anyKey = new RegExp(KEY, 'g');
/** In JSON the letter of an escape, such as that of `\n`, is no part of the key behind it. */
const escapeAndKey = new RegExp(String.raw`(\\(?:["\\/bfnrt]|u[0-9a-f]{4}))?${KEY}`, 'g');

export const holdsKey = (text: string): boolean => text.search(anyKey) >= 0;

/** Takes the keys out of a text, which remains JSON where it is JSON. */
export const redactKeys = (text: string): string =>
  text.replace(escapeAndKey, (_, before: string | undefined) => `${before ?? ''}[key]`);
