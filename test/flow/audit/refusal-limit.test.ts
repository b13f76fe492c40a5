import { expect, test } from 'vitest';
import { createRefusalLimit } from '../../../src/audit/refusal-limit.ts';
import type { KeyId, OrganizationId } from '../../../src/ids.ts';
import { alone, type SharedCounts } from '../../../src/workers/fleet.ts';

const unknown = (address: string) => ({ key: null, address, code: 'INVALID_TOKEN' });

const keyOf = (keyId: string, organizationId: string | null = 'org_A') => ({
  organizationId: organizationId as OrganizationId | null,
  keyId: keyId as KeyId,
  keyPrefix: `tnt_${keyId}`,
});

const known = (keyId: string, code = 'INSUFFICIENT_SCOPE', organizationId: string | null = 'org_A') => ({
  key: keyOf(keyId, organizationId),
  address: '192.0.2.1',
  code,
});

function startLimit() {
  const clock = { nowMs: 0 };
  const limit = createRefusalLimit(() => clock.nowMs);
  const admittedOf = (refusal: Parameters<typeof limit.admit>[0], times: number) =>
    Array.from({ length: times }, () => limit.admit(refusal)).filter(Boolean).length;
  const admitted = (address: string, times: number) => admittedOf(unknown(address), times);
  return { clock, limit, admitted, admittedOf };
}

test('an address gets 20 rows a minute, and the rest are counted', () => {
  const { clock, limit, admitted } = startLimit();
  expect(admitted('192.0.2.1', 50)).toBe(20);
  expect(admitted('192.0.2.2', 5)).toBe(5);
  expect(limit.takeUnwritten()).toEqual([{ key: null, count: 30, codes: {} }]);
  expect(limit.takeUnwritten()).toEqual([]);
  clock.nowMs = 59_999;
  expect(admitted('192.0.2.1', 1)).toBe(0);
  clock.nowMs = 60_000;
  expect(admitted('192.0.2.1', 30)).toBe(20);
});

test('all addresses together get 1,000 rows a minute', () => {
  const { admitted } = startLimit();
  let written = 0;
  for (let host = 0; host < 200; host += 1) written += admitted(`192.0.2.${host}`, 10);
  expect(written).toBe(1000);
});

test('an IPv6 host has its whole /64 for one address, however it is written', () => {
  const { admitted } = startLimit();
  const hosts = ['2001:db8:1:2::1', '2001:db8:1:2:ffff::', '2001:db8:1:2:3:4:5:6', '2001:0db8:1:2::9'];
  let written = 0;
  for (const host of hosts) written += admitted(host, 10);
  expect(written).toBe(20);
  expect(admitted('2001:db8:1:3::1', 10)).toBe(10);
  expect(admitted('::1', 30)).toBe(20);
});

test('a known key has 600 rows a minute of its own: nobody else uses them up, and it uses up nobody’s', () => {
  const { clock, admitted, admittedOf, limit } = startLimit();
  for (let host = 0; host < 200; host += 1) admitted(`192.0.2.${host}`, 10);
  expect(admittedOf(known('a'), 500)).toBe(500);
  expect(admittedOf(known('a', 'INVALID_TOKEN'), 200)).toBe(100);
  expect(admittedOf(known('a'), 30)).toBe(0);
  expect(admittedOf(known('b'), 600)).toBe(600);
  // One host key, in two organisations and where it named none: each audit has its rows.
  for (const organizationId of ['org_A', 'org_B', null]) {
    expect(admittedOf(known('host', 'KEY_RESTRICTED', organizationId), 700)).toBe(600);
  }
  expect(limit.takeUnwritten()).toEqual([
    { key: null, count: 1000, codes: {} },
    { key: keyOf('a'), count: 130, codes: { INVALID_TOKEN: 100, INSUFFICIENT_SCOPE: 30 } },
    { key: keyOf('host', 'org_A'), count: 100, codes: { KEY_RESTRICTED: 100 } },
    { key: keyOf('host', 'org_B'), count: 100, codes: { KEY_RESTRICTED: 100 } },
    { key: keyOf('host', null), count: 100, codes: { KEY_RESTRICTED: 100 } },
  ]);
  clock.nowMs = 60_000;
  expect(admittedOf(known('a'), 601)).toBe(600);
});

test('keys beyond 10,000 a minute share the budget of their organisation', () => {
  const { clock, admittedOf, limit } = startLimit();
  for (let index = 0; index < 10_000; index += 1) admittedOf(known(`k${index}`), 1);
  let written = 0;
  for (let index = 0; index < 1000; index += 1) written += admittedOf(known(`late${index}`), 1);
  expect(written).toBe(600);
  expect(admittedOf(known('other', 'INVALID_TOKEN', 'org_B'), 1)).toBe(1);
  expect(admittedOf(known('k7'), 5)).toBe(5);
  const ofAll = { organizationId: 'org_A', keyId: null, keyPrefix: null };
  expect(limit.takeUnwritten()).toEqual([{ key: ofAll, count: 400, codes: { INSUFFICIENT_SCOPE: 400 } }]);
  clock.nowMs = 60_000;
  expect(admittedOf(known('late1'), 700)).toBe(600);
  expect(limit.takeUnwritten()).toMatchObject([{ key: keyOf('late1'), count: 100 }]);
});

/** Processes that hear of each other at once, and the one that started them. */
function startFleet(clock: { nowMs: number }, size: number) {
  const listeners: { topic: string; from: number; listener: (name: string, count: number) => void }[] = [];
  const countsOf =
    (from: number) =>
    (topic: string): SharedCounts => ({
      add(name) {
        for (const each of listeners) if (each.topic === topic && each.from !== from) each.listener(name, 1);
      },
      onOthers: (listener) => void listeners.push({ topic, from, listener }),
    });
  const limitOf = (from: number, of: number) =>
    createRefusalLimit(() => clock.nowMs, { ...alone, size: of, counts: countsOf(from) });
  return {
    primary: limitOf(0, 1),
    workers: Array.from({ length: size }, (_, index) => limitOf(index + 1, size)),
  };
}

test('all processes of a server share the budgets, and the one that started them sums up what none wrote', () => {
  const clock = { nowMs: 0 };
  const { primary, workers } = startFleet(clock, 3);
  const admitted = (refusal: Parameters<typeof primary.admit>[0], times: number) =>
    workers.flatMap(({ admit }) => Array.from({ length: times }, () => admit(refusal))).filter(Boolean)
      .length;
  expect(admitted(unknown('192.0.2.1'), 40)).toBe(20);
  expect(admitted(known('a'), 300)).toBe(600);
  expect(admitted(known('a', 'INVALID_TOKEN'), 10)).toBe(0);
  clock.nowMs = 61_000;
  expect(admitted(unknown('192.0.2.1'), 1)).toBe(3);
  for (const worker of workers) expect(worker.takeUnwritten()).toEqual([]);
  expect(primary.takeUnwritten()).toEqual([
    { key: null, count: 100, codes: {} },
    { key: keyOf('a'), count: 330, codes: { INSUFFICIENT_SCOPE: 300, INVALID_TOKEN: 30 } },
  ]);
});
