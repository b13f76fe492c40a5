import { expect, test } from 'vitest';
import { createLog, createRedactor } from '../../../src/log.ts';
import { logReports, reportLine } from '../../../src/tool-sources/tool-report.ts';

const report = { prefix: 'desk', tools: 166, unscoped: [], refused: [], held: [], isFirstSeen: false };
const body = 'its body is multipart/form-data, not JSON';

test.each([
  [{}, 'desk: 166 tools served'],
  [{ tools: 1, isFirstSeen: true }, 'desk: 1 tool served; seen for the first time, and approved as it is'],
  [{ unscoped: ['a', 'b', 'c'] }, 'desk: 166 tools served; 3 without a scope: a, b, c'],
  [{ refused: [`upload: ${body}`] }, `desk: 166 tools served; 1 refused (${body}): upload`],
  [
    { refused: ['a: x', 'b: x', 'get /c: x', 'd: x', 'e: x', 'f: x', 'g: y'] },
    'desk: 166 tools served; 6 refused (x): a, b, get /c, d, e and 1 more; 1 refused (y): g',
  ],
  [
    { refused: ['a: 1', 'b: 2', 'c: 3', 'd: 4', 'e: 5'] },
    'desk: 166 tools served; 1 refused (1): a; 1 refused (2): b; 1 refused (3): c; 2 more refused for other reasons',
  ],
  [{ held: ['wipe'] }, 'desk: 166 tools served; 1 held back until "tenantry downstreams approve desk": wipe'],
])('a downstream is one line that a person can read: %j', (change, line) => {
  expect(reportLine({ ...report, ...change })).toBe(line);
});

test('it is a warning only where something is not served that was meant to be; JSON holds all of it', () => {
  const lines: string[] = [];
  const log = createLog({
    level: 'info',
    pretty: null,
    write: (line) => lines.push(line),
    redact: createRedactor([]),
  });
  const reports = [
    { ...report, unscoped: ['internal'], isFirstSeen: true },
    { ...report, refused: [`upload: ${body}`] },
    { ...report, held: ['wipe'] },
  ];
  logReports(log, reports, false);
  const [meant, refused, held] = lines.map((line) => JSON.parse(line));
  const same = {
    prefix: 'desk',
    tools: 166,
    isFirstSeen: false,
    refused: [],
    withoutScope: [],
    awaitingApproval: [],
  };
  const msg =
    'tools of a downstream: desk: 166 tools served; seen for the first time, and approved as it is; 1 without a scope: internal';
  const time = expect.any(String);
  expect(meant).toEqual({ level: 30, time, msg, ...same, isFirstSeen: true, withoutScope: ['internal'] });
  expect(refused).toMatchObject({ level: 40, ...same, refused: reports[1]?.refused });
  expect(held).toMatchObject({ level: 40, ...same, awaitingApproval: ['wipe'] });
  logReports(log, reports, true);
  expect(JSON.parse(lines[3] ?? '')).toEqual({
    level: 30,
    time: expect.any(String),
    msg: 'desk: 166 tools served; seen for the first time, and approved as it is; 1 without a scope: internal',
  });
});
