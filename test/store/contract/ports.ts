import { expect, expectTypeOf, test } from 'vitest';
import type { Store } from '../../../src/store/store.ts';
import { auditRow } from './fixtures.ts';
import type { StoreOpeners } from './test-store.ts';

type Method = (...given: unknown[]) => unknown;

/** Every method of every port, by its name. */
function methodsOf(port: object, path = ''): [string, Method][] {
  return Object.entries(port).flatMap(([name, value]): [string, Method][] => {
    if (typeof value === 'function') return [[`${path}${name}`, value as Method]]; // Called with garbage alone.
    return value !== null && Object.getPrototypeOf(value) === Object.prototype
      ? methodsOf(value, `${path}${name}.`)
      : [];
  });
}

type AnyMethod = (...given: never[]) => unknown;

/** The methods whose answer, as the port says it, is no promise: who calls them would not wait. */
type Unpromised<Port> = {
  [Name in keyof Port]: Port[Name] extends (...given: never[]) => Promise<unknown>
    ? never
    : Port[Name] extends AnyMethod
      ? Name
      : Unpromised<Port[Name]>;
}[keyof Port];

type Ports = Pick<Store, 'keys' | 'organizations' | 'members' | 'audit' | 'ping' | 'close'>;

const portsOf = ({ keys, organizations, members, audit, ping }: Store) =>
  methodsOf({ keys, organizations, members, audit, ping });

export function portsContract({ openStore }: StoreOpeners): void {
  test('every method answers with a promise, and says there what it refuses', async () => {
    const store = await openStore();
    expectTypeOf<Unpromised<Ports>>().toBeNever();
    const methods = portsOf(store);
    expect(methods.length).toBeGreaterThan(40);
    const notAsync: string[] = [];
    for (const [name, method] of methods) {
      try {
        const answer = method();
        if (!(answer instanceof Promise)) notAsync.push(name);
        await Promise.allSettled([answer]);
      } catch {
        notAsync.push(name);
      }
    }
    expect(notAsync).toEqual([]);
  });

  test('a store that is closed answers nothing, and stays closed', async () => {
    const store = await openStore();
    await store.ping();
    await store.close();
    await store.close();
    const refused = { code: 'STORE_UNAVAILABLE' };
    await expect(store.ping()).rejects.toMatchObject(refused);
    await expect(store.organizations.canon()).rejects.toMatchObject(refused);
    await expect(store.audit.append(auditRow(null))).rejects.toMatchObject(refused);
  });
}
