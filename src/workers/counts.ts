import type { SharedCounts } from './fleet.ts';
import type { Added } from './message.ts';

type Listener = (name: string, count: number) => void;

/** The counts of a process, by topic: what it added and has not sent yet, and who listens to those of others. */
export function createCounts() {
  const pending = new Map<string, Map<string, number>>();
  const listeners = new Map<string, Listener[]>();
  return {
    counts(topic: string): SharedCounts {
      return {
        add(name) {
          const names = pending.get(topic) ?? new Map<string, number>();
          pending.set(topic, names);
          names.set(name, (names.get(name) ?? 0) + 1);
        },
        onOthers(listener) {
          listeners.set(topic, [...(listeners.get(topic) ?? []), listener]);
        },
      };
    },
    hear(added: readonly Added[]): void {
      for (const [topic, name, count] of added) {
        for (const listener of listeners.get(topic) ?? []) listener(name, count);
      }
    },
    /** What was added since it was last asked. */
    take(): readonly Added[] {
      const added = [...pending].flatMap(([topic, names]) =>
        [...names].map(([name, count]): Added => [topic, name, count]),
      );
      pending.clear();
      return added;
    },
  };
}
