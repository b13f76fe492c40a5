/** A bearer token (https://www.rfc-editor.org/rfc/rfc6750#section-2.1). */
const BEARER_TOKEN = /^[A-Za-z0-9\-._~+/]+=*$/;
const KEY = '[a-z]{2,12}w?_[0-9A-Za-z]{8}_[0-9A-Za-z]{49}';
const WHOLE_KEY = new RegExp(`^${KEY}$`);

export const isBearerToken = (text: string): boolean => BEARER_TOKEN.test(text);

/** Whether the text has the form of a key of any brand. Other credentials have other forms. */
export const isKeyShaped = (text: string): boolean => WHOLE_KEY.test(text);

/** Whether the text starts like a key. No other credential of ours may. */
export const looksLikeKey = (text: string): boolean => /^[a-z]{2,12}w?_[0-9A-Za-z]{8}_/.test(text);

/** Keys anywhere in a text, such as `Bearer%20tnt_…`. */
const anyKey = new RegExp(KEY, 'g');
/** In JSON the letter of an escape, such as `\n`, does not belong to the key after it. */
const escapeAndKey = new RegExp(String.raw`(\\(?:["\\/bfnrt]|u[0-9a-f]{4}))?${KEY}`, 'g');

export const holdsKey = (text: string): boolean => text.search(anyKey) >= 0;

/** Replaces keys with `[key]`. JSON stays valid JSON. */
export const redactKeys = (text: string): string =>
  text.replace(escapeAndKey, (_, before: string | undefined) => `${before ?? ''}[key]`);
