import type { IncomingMessage } from 'node:http';
import { AppError } from '../errors.ts';
import { headerValues } from '../identity/raw-headers.ts';

const MOST_BYTES = 1024 * 1024;
const MOST_DEPTH = 64;
const JSON_MEDIA_TYPE = /^application\/json[ \t]*(?:;[ \t]*charset[ \t]*=[ \t]*"?utf-8"?[ \t]*)?$/i;

export const hasBody = ({ method }: IncomingMessage): boolean => method === 'POST' || method === 'PATCH';

/**
 * The body as JSON: media type, size, depth and syntax are checked in this order, before anything is built.
 *
 * @throws UNSUPPORTED_MEDIA_TYPE, BODY_TOO_LARGE (over 1 MiB), TOO_DEEP (over 64), PARSE_ERROR, CANCELLED
 */
export async function readJsonBody(request: IncomingMessage): Promise<unknown> {
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
  return parseJson(await readBytes(request));
}

/** Counts what arrives: a declared length proves nothing, and a chunked body declares none. */
async function readBytes(request: IncomingMessage): Promise<Buffer> {
  if (Number(request.headers['content-length'] ?? 0) > MOST_BYTES) throw new AppError('BODY_TOO_LARGE');
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    // The socket must outlive a refusal, or the refusal is never read.
    for await (const chunk of request.iterator({ destroyOnReturn: false })) {
      size += chunk.length;
      if (size > MOST_BYTES) throw new AppError('BODY_TOO_LARGE');
      chunks.push(chunk);
    }
  } catch (error) {
    throw error instanceof AppError ? error : new AppError('CANCELLED', { cause: error });
  }
  return Buffer.concat(chunks);
}

/** `bytes` as JSON of at most 64 levels. */
export function parseJson(bytes: Buffer): unknown {
  requireShallow(bytes);
  try {
    // Fatal: a broken character must not turn into a replacement that means something else.
    return JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch (cause) {
    throw new AppError('PARSE_ERROR', { cause });
  }
}

const [QUOTE, BACKSLASH, OPEN_BRACKET, CLOSE_BRACKET, OPEN_BRACE, CLOSE_BRACE] = [
  0x22, 0x5c, 0x5b, 0x5d, 0x7b, 0x7d,
];

/** Counted on the bytes, before a parser or a serialiser can recurse. */
function requireShallow(bytes: Buffer): void {
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
    }
  }
}
