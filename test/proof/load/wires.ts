import { openWire, type Wire } from './wire.ts';

/** The server closes a connection on which 5 s have brought nothing; a careful client uses none that may be closing. */
const KEPT_MS = 2000;

/** Connections that are kept, and opened again when they end. */
export type Wires = {
  /** One that is free; undefined while all are busy. */
  take(): Wire | undefined;
  readonly refusedConnections: number;
};

/** Resolves once all are open. */
export async function openWires(port: number, count: number): Promise<Wires> {
  const free: { readonly wire: Wire; readonly sinceMs: number }[] = [];
  const all = new Set<Wire>();
  let refusedConnections = 0;

  const open = (): Wire => {
    const wire = openWire(port, {
      onFree: () => void free.push({ wire, sinceMs: performance.now() }),
      onEnd(wasConnected) {
        all.delete(wire);
        if (!wasConnected) refusedConnections += 1;
      },
    });
    all.add(wire);
    return wire;
  };

  for (let each = 0; each < count; each += 1) {
    const wire = open();
    await wire.connected;
    free.push({ wire, sinceMs: performance.now() });
  }
  return {
    take() {
      // The one that has been free for longest, so that none is idle for long.
      for (let kept = free.shift(); kept !== undefined; kept = free.shift()) {
        if (all.has(kept.wire) && performance.now() - kept.sinceMs < KEPT_MS) return kept.wire;
        kept.wire.leave();
        all.delete(kept.wire);
      }
      return all.size < count ? open() : undefined;
    },
    get refusedConnections() {
      return refusedConnections;
    },
  };
}
