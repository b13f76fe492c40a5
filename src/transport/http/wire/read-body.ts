import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { AppError } from '../../../errors.ts';
import { headerValues } from '../../../identity/raw-headers.ts';

const MOST_BYTES = 1024 * 1024;
const MOST_DEPTH = 64;
const JSON_MEDIA_TYPE = /^application\/json[ \t]*(?:;[ \t]*charset[ \t]*=[ \t]*"?utf-8"?[ \t]*)?$/i;

/** What a name given twice is: an argument on REST, a part of the message on MCP. */
type TwiceCode = 'VALIDATION_ERROR' | 'INVALID_REQUEST';

export const takesBody = ({ method }: IncomingMessage): boolean =>
  method === 'POST' || method === 'PUT' || method === 'PATCH';

/** Nothing was sent and nothing was announced, as of an act whose path says it all. */
export function isBodiless({ headers }: IncomingMessage): boolean {
  const announced = headers['content-type'] ?? headers['transfer-encoding'] ?? headers['content-encoding'];
  return announced === undefined && Number(headers['content-length'] ?? 0) === 0;
}

/**
 * The body as JSON: media type, size, depth and syntax are checked in this order, before anything is built.
 *
 * @throws UNSUPPORTED_MEDIA_TYPE, BODY_TOO_LARGE (over 1 MiB), TOO_DEEP (over 64), PARSE_ERROR, `onTwice`, CANCELLED
 */
export async function readJsonBody(request: IncomingMessage, onTwice: TwiceCode): Promise<unknown> {
  const [mediaType, ...others] = headerValues(request.rawHeaders, 'content-type');
  const encodings = headerValues(request.rawHeaders, 'content-encoding');
  if (
    mediaType === undefined ||
    others.length > 0 ||
    !JSON_MEDIA_TYPE.test(mediaType) ||
    encodings.length > 0
  ) {
    throw new AppError('UNSUPPORTED_MEDIA_TYPE');
  }
  return parseStrictJson(await readBytes(request), onTwice);
}

/** Counts what arrives: a declared length proves nothing, and a chunked body declares none. */
function readBytes(request: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    if (Number(request.headers['content-length'] ?? 0) > MOST_BYTES)
      return reject(new AppError('BODY_TOO_LARGE'));
    const chunks: Buffer[] = [];
    let size = 0;
    const onData = (chunk: Buffer) => {
      size += chunk.length;
      chunks.push(chunk);
      if (size <= MOST_BYTES) return;
      // Not destroyed: the socket must outlive the refusal, or the refusal is never read.
      request.off('data', onData).pause();
      reject(new AppError('BODY_TOO_LARGE'));
    };
    let isWhole = false;
    const onEnd = () => {
      isWhole = true;
      resolve(Buffer.concat(chunks));
    };
    const onGone = () => {
      if (!isWhole) reject(new AppError('CANCELLED'));
    };
    request.on('data', onData).once('end', onEnd);
    request.once('error', onGone).once('close', onGone);
    if (request.destroyed) onGone();
  });
}

/** `bytes` as JSON of at most 64 levels. */
export function parseStrictJson(bytes: Buffer, onTwice: TwiceCode): unknown {
  const members = countMembers(bytes);
  const value = parseText(bytes);
  // A proxy in front may read the first of two, where we would read the last.
  if (countNames(value) !== members) {
    throw new AppError(onTwice, { message: 'A name stands twice in one object of the body.' });
  }
  return value;
}

function parseText(bytes: Buffer): unknown {
  try {
    // A broken character must not turn into a replacement that means something else.
    if (!isUtf8(bytes)) throw new TypeError('not UTF-8');
    return JSON.parse(bytes.toString('utf8'));
  } catch (cause) {
    throw new AppError('PARSE_ERROR', { cause });
  }
}

/** Names in all objects of `value`; a name that stood twice is there once. */
function countNames(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  let count = Array.isArray(value) ? 0 : Object.keys(value).length;
  for (const inner of Object.values(value)) count += countNames(inner);
  return count;
}

const [QUOTE, COLON, BACKSLASH, OPEN_BRACKET, CLOSE_BRACKET, OPEN_BRACE, CLOSE_BRACE] = [
  0x22, 0x3a, 0x5c, 0x5b, 0x5d, 0x7b, 0x7d,
];

/**
 * How many members all objects have, one for each colon outside of strings. Depth is judged on the way, on the
 * bytes, before a parser or a serialiser can recurse.
 */
function countMembers(bytes: Buffer): number {
  let members = 0;
  let depth = 0;
  let inString = false;
  for (let index = 0; index < bytes.length; index += 1) {
    const byte = bytes[index];
    if (inString) {
      if (byte === BACKSLASH) index += 1;
      else if (byte === QUOTE) inString = false;
    } else if (byte === QUOTE) {
      inString = true;
    } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      depth += 1;
      if (depth > MOST_DEPTH) throw new AppError('TOO_DEEP');
    } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
      depth -= 1;
    } else if (byte === COLON) {
      members += 1;
    }
  }
  return members;
}
