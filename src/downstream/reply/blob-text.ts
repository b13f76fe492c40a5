import { isUtf8 } from 'node:buffer';

const isTextType = /^(?:$|text\/|application\/(?:[\w.+-]+\+)?(?:json|xml|yaml|x-yaml|x-ndjson|csv)\b)/i;

/** The fields of a content block that may hold base64 (MCP specification, "Tool Result"). */
type Block = {
  readonly type: string;
  readonly data?: unknown;
  readonly mimeType?: string | undefined;
  readonly resource?: { readonly blob?: unknown; readonly mimeType?: string | undefined };
};

/** The text in a block's base64, of any media type. It is checked for organisations like any other text. */
export function textInBlob(block: Block): readonly string[] {
  const blob = blobOf(block);
  if (blob === undefined) return [];
  const text = readBytes(Buffer.from(blob.base64, 'base64'), isTextType.test(blob.mimeType));
  return text === undefined ? [] : [text];
}

/** Images and audio have `data` and a media type; embedded resources have `blob`. */
function blobOf({ data, mimeType, resource }: Block) {
  if (typeof data === 'string') return { base64: data, mimeType: mimeType || 'image/*' };
  if (typeof resource?.blob !== 'string') return undefined;
  return { base64: resource.blob, mimeType: resource.mimeType ?? '' };
}

/** Undefined for binary data, such as an image. */
function readBytes(bytes: Buffer, isText: boolean): string | undefined {
  const wide = wideEncoding(bytes);
  if (wide !== undefined) return new TextDecoder(wide).decode(bytes);
  if (bytes.includes(0)) return undefined;
  return isText || isUtf8(bytes) ? bytes.toString('utf8') : undefined;
}

/** Bytes inspected to detect the encoding. */
const BEGINNING = 64;

/** Detects UTF-16, which spreadsheets write: by its byte order mark, or by a zero in every other byte of ASCII text. */
function wideEncoding(bytes: Buffer): 'utf-16le' | 'utf-16be' | undefined {
  const [first, second] = bytes;
  if (first === 0xff && second === 0xfe) return 'utf-16le';
  if (first === 0xfe && second === 0xff) return 'utf-16be';
  const beginning = [...bytes.subarray(0, BEGINNING)];
  const areZero = (remainder: number) =>
    beginning.every((byte, place) => (byte === 0) === (place % 2 === remainder));
  if (beginning.length < 2) return undefined;
  return areZero(1) ? 'utf-16le' : areZero(0) ? 'utf-16be' : undefined;
}
