import { expect, test } from 'vitest';
import { createRefusalLimit } from '../../src/audit/refusal-limit.ts';
import { alone, type SharedCounts } from '../../src/fleet.ts';

function startLimit() {
  const clock = { nowMs: 0 };
  const limit = createRefusalLimit(() => clock.nowMs);
  const admitted = (address: string, times: number) =>
    Array.from({ length: times }, () => limit.admit(address)).filter(Boolean).length;
  return { clock, limit, admitted };
}

test('an address gets 20 rows a minute, and the rest are counted', () => {
  const { clock, limit, admitted } = startLimit();
  expect(admitted('192.0.2.1', 50)).toBe(20);
  expect(admitted('192.0.2.2', 5)).toBe(5);
  expect(limit.takeUnwritten()).toBe(30);
  expect(limit.takeUnwritten()).toBe(0);
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

test('what other processes wrote counts in the window in which it is heard', () => {
  const clock = { nowMs: 0 };
  let tell: (name: string, count: number) => void = () => {};
  const counts = (topic: string): SharedCounts => ({
    add: () => {},
    onOthers: (listener) => {
      if (topic === 'refusals written') tell = listener;
    },
  });
  const limit = createRefusalLimit(() => clock.nowMs, { ...alone, size: 2, counts });
  const admitted = () => Array.from({ length: 40 }, () => limit.admit('192.0.2.1')).filter(Boolean).length;
  expect(admitted()).toBe(20);
  clock.nowMs = 61_000;
  tell('192.0.2.1', 5);
  expect(admitted()).toBe(15);
  // What is not written here is summed up by the one who started the processes.
  expect(limit.takeUnwritten()).toBe(0);
});
