/** An HTTP answer as it came, and how long it took; header names in lower case. */
export type WireAnswer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  readonly ms: number;
};

type Found = { readonly answer: Omit<WireAnswer, 'ms'>; readonly length: number };

/** The first answer in `bytes` and its length; undefined while it is not whole. `isEnd` says that no more will come, `isHead` that no body will. */
export function readAnswer(bytes: Buffer, isEnd: boolean, isHead = false): Found | undefined {
  const end = bytes.indexOf('\r\n\r\n');
  if (end === -1) return undefined;
  const [first = '', ...lines] = bytes.toString('latin1', 0, end).split('\r\n');
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(first)?.[1] ?? 0);
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const colon = line.indexOf(':');
    headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
  }
  const start = end + 4;
  // Only an invitation to go on.
  if (status === 100) {
    const next = readAnswer(bytes.subarray(start), isEnd, isHead);
    return next && { answer: next.answer, length: next.length + start };
  }
  const body = isHead ? { text: '', end: start } : readBody(bytes, start, status, headers, isEnd);
  return body && { answer: { status, headers, text: body.text }, length: body.end };
}

function readBody(
  bytes: Buffer,
  start: number,
  status: number,
  headers: Readonly<Record<string, string>>,
  isEnd: boolean,
): { readonly text: string; readonly end: number } | undefined {
  if (status === 204 || status === 304) return { text: '', end: start };
  if (headers['transfer-encoding'] === 'chunked') return readChunks(bytes, start);
  if (headers['content-length'] !== undefined) {
    const end = start + Number(headers['content-length']);
    return bytes.length < end ? undefined : { text: bytes.toString('utf8', start, end), end };
  }
  // Without a length a body lasts until the connection ends; Node's own refusals have none at all.
  return isEnd ? { text: bytes.toString('utf8', start), end: bytes.length } : undefined;
}

function readChunks(bytes: Buffer, start: number) {
  const pieces: Buffer[] = [];
  for (let at = start; ; ) {
    const lineEnd = bytes.indexOf('\r\n', at);
    if (lineEnd === -1) return undefined;
    const size = Number.parseInt(bytes.toString('latin1', at, lineEnd), 16);
    const next = lineEnd + 2 + size + 2;
    if (bytes.length < next) return undefined;
    if (size === 0) return { text: Buffer.concat(pieces).toString('utf8'), end: next };
    pieces.push(bytes.subarray(lineEnd + 2, lineEnd + 2 + size));
    at = next;
  }
}
