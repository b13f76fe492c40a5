import { connect } from 'node:net';
import { onTestFinished } from 'vitest';

/** How a client keeps a connection without ever finishing a request. */
export const forms = ['slow header', 'slow body', 'idle'] as const;
export type Form = (typeof forms)[number];

const DROP_MS = 1000;

/** Opens half-open connections; each tells how long the server kept it, in milliseconds, null where it still does. */
export function openHalfOpen(port: number, form: Form, count: number, key: string) {
  const kept = Array.from({ length: count }, () => openOne(port, form, key));
  return { kept: () => kept.map((one) => one()) };
}

function openOne(port: number, form: Form, key: string): () => number | null {
  const socket = connect(port, '127.0.0.1');
  let keptMs: number | null = null;
  let drops: NodeJS.Timeout | undefined;
  let connectedMs = performance.now();
  socket.on('connect', () => {
    connectedMs = performance.now();
    const { start, drop } = bytesOf(form, key);
    if (start !== '') socket.write(start);
    if (drop !== '') drops = setInterval(() => void socket.write(drop), DROP_MS);
  });
  // What the server says before it closes is read, or the end would never be seen.
  socket.on('error', () => {}).resume();
  socket.on('close', () => {
    clearInterval(drops);
    keptMs = performance.now() - connectedMs;
  });
  onTestFinished(() => void socket.destroy());
  return () => keptMs;
}

/** What is sent at once, and then a bit of each second. */
function bytesOf(form: Form, key: string): { readonly start: string; readonly drop: string } {
  const head = `POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${key}\r\n`;
  switch (form) {
    case 'slow header':
      return { start: `${head}X-Slow: `, drop: 'a' };
    case 'slow body':
      return {
        start: `${head}Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{`,
        drop: ' ',
      };
    case 'idle':
      return { start: '', drop: '' };
  }
}
