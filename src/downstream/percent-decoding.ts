/** The UTF-8 bytes of a text, one character per byte: decoded bytes need not be valid UTF-8. */
export const bytesOf = (text: string): string => Buffer.from(text).toString('latin1');

/**
 * Overlong UTF-8 of ASCII characters (https://www.rfc-editor.org/rfc/rfc3629#section-3). It is invalid, but lenient
 * decoders accept it.
 */
const overlong =
  /(?:[\xc0\xc1]|\xe0[\x80\x81]|\xf0\x80[\x80\x81]|\xf8\x80\x80[\x80\x81]|\xfc\x80\x80\x80[\x80\x81])[\x80-\xbf]/g;

/** Decodes as the most lenient hop would: `%2F`, `%u002F` and overlong forms. Everything else stays. */
export function decodeBytes(bytes: string): string {
  if (!bytes.includes('%')) return bytes;
  return bytes
    .replaceAll(/%(?:u([0-9a-f]{4})|([0-9a-f]{2}))/gi, (_all, unit?: string, byte?: string) =>
      unit === undefined
        ? String.fromCharCode(Number.parseInt(byte ?? '', 16))
        : bytesOf(String.fromCharCode(Number.parseInt(unit, 16))),
    )
    .replaceAll(overlong, (form) =>
      String.fromCharCode(
        ((form.charCodeAt(form.length - 2) & 1) << 6) | (form.charCodeAt(form.length - 1) & 63),
      ),
    );
}

/**
 * How many further decodings are checked. Our own encoding covers the first proxy that decodes. Two more hops may
 * decode again; a third one that neither re-encodes nor refuses is not covered.
 */
const MORE_DECODINGS = 2;

/** A text as it is, and as each further hop reads it that decodes again. */
export function readingsOf(text: string, decode: (seen: string) => string): readonly string[] {
  const readings = [text];
  for (let seen = text; readings.length <= MORE_DECODINGS && seen.includes('%'); ) {
    seen = decode(seen);
    readings.push(seen);
  }
  return readings;
}
