import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/** A client that has just connected sends its request well within this. */
const SILENT_MS = 1000;

/**
 * Knows the connections on which nothing was sent yet: Node takes them for busy ones, so a stop would wait for each
 * probe and each connection made in advance.
 */
export function watchSilentConnections(server: Server): {
  /** Closes in a second those that are silent still. */
  closeSoon(): void;
} {
  const connections = new Set<Socket>();
  server.on('connection', (socket) => {
    connections.add(socket);
    socket.once('close', () => connections.delete(socket));
  });
  const close = () => {
    for (const socket of connections) if (socket.bytesRead === 0) socket.destroy();
  };
  return { closeSoon: () => void setTimeout(close, SILENT_MS).unref() };
}
