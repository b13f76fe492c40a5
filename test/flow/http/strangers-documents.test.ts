import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { OrganizationId } from '../../../src/ids.ts';
import { operatorBy } from '../../../src/principal.ts';
import { createCallersDocuments, type Documents } from '../../../src/transport/rest/document-routes.ts';
import type { Documented } from '../../../src/transport/rest/openapi.ts';
import { managementTools, operatorTools, tools } from '../../../tools/index.ts';
import { root, temporaryDir } from '../../support/fresh-start.ts';
import { requestJson } from '../../support/http.ts';
import { bearer, rawHttp } from '../../support/raw-http.ts';
import { startApp } from '../../support/start-app.ts';

const MARKER = 'payroll-marker';

/** A platform that is nobody's business, behind a document, and a tool of the operator's own. */
function privateParts() {
  const dir = temporaryDir();
  const openapi = join(dir, 'openapi.json');
  const parameter = { name: 'debug', in: 'query', schema: { type: 'string', enum: [MARKER] } };
  const responses = { 200: { description: 'x', content: { 'application/json': { schema: {} } } } };
  const operation = { operationId: 'listSalaries', summary: MARKER, parameters: [parameter], responses };
  const paths = { '/salaries': { get: operation } };
  const info = { title: MARKER, version: '1' };
  writeFileSync(openapi, JSON.stringify({ openapi: '3.1.0', info, paths }));
  const downstream = { prefix: 'pay', openapi, url: 'http://127.0.0.1:9', organizationInDocument: false };
  return {
    tools: join(root, 'examples/custom-tools/tools.ts'),
    downstreams: [
      { ...downstream, scopes: { methods: { get: 'pay:read' } }, requireOrganizationInReply: false },
    ],
  };
}

const catalogue = ['dice:roll', 'pay:read', 'agent:read', 'agent:search', 'agent:write', 'job:read']
  .concat(['research_group:read', 'research_group:write', 'study:read', 'study:write'])
  .concat(['job:write', 'billing:read', 'billing:write']);

const startPrivate = (more: object = {}) =>
  startApp({ seed: false, config: { ...privateParts(), scopes: { catalogue }, ...more } });

/** Without a credential, or with a header that is none of ours. */
const strangers = [[], [['Authorization', 'Basic eDp5'] as const], [['Cookie', 'key=x'] as const]];

test('a stranger reads of the shipped operations alone, with every configuration', async () => {
  const plain = await startApp({ seed: false });
  const app = await startPrivate();
  for (const target of ['/openapi.json', '/docs']) {
    const usual = await rawHttp(plain.port, { target });
    for (const headers of strangers) {
      const { status, text } = await rawHttp(app.port, { target, headers });
      expect([target, status, text === usual.text]).toEqual([target, 200, true]);
    }
    for (const word of [MARKER, 'salaries', 'pay:read', 'introductions', 'dice:roll']) {
      expect([target, usual.text.includes(word)]).toEqual([target, false]);
    }
  }
});

test('without the built-in platform a stranger does not read of it either', async () => {
  const app = await startPrivate({ builtinTools: false });
  const { body } = await requestJson(`${app.url}/openapi.json`);
  const shown = Object.values<Record<string, { operationId: string }>>(body.paths)
    .flatMap((methods) => Object.values(methods))
    .map(({ operationId }) => operationId);
  const whoami = tools.filter(({ name }) => name === 'whoami');
  const shipped = [...whoami, ...managementTools, ...operatorTools].filter(({ rest }) => rest !== null);
  expect(shown.sort()).toEqual(shipped.map(({ name }) => name).sort());
});

test('a caller reads of what is configured where it may call it, and no bad key reads at all', async () => {
  const app = await startPrivate();
  const acme = await app.provision('Acme');
  const { plaintext: reader } = await app.mint(acme, { scopes: ['pay:read'] });
  const { plaintext: nothing } = await app.mint(acme, { scopes: [] });
  for (const target of ['/openapi.json', '/docs']) {
    const read = async (key: string) => await rawHttp(app.port, { target, headers: [bearer(key)] });
    expect((await read(reader)).text).toContain('/salaries');
    expect((await read(nothing)).text).not.toMatch(/salaries|payroll|pay:read/);
    expect((await read('garbage')).status).toBe(401);
  }
});

test('a document is rendered once for all who may call the same', () => {
  const rendered: (readonly Documented[])[] = [];
  const documents: Documents = {
    '/docs': (shown) => {
      rendered.push(shown);
      return { headers: {}, bytes: Buffer.alloc(1) };
    },
  };
  const docs = createCallersDocuments(documents).get('/docs');
  const ask = (scope: string) => docs?.(callerWith(scope), () => []);
  for (let count = 0; count < 10; count += 1) ask('agent:read');
  expect(rendered).toHaveLength(1);
  ask('agent:write');
  expect(rendered).toHaveLength(2);
  // However many there are, the one that is asked for all the time stays.
  for (let count = 0; count < 200; count += 1) {
    ask(`scope:s${count}`);
    ask('agent:read');
  }
  expect(rendered).toHaveLength(202);
});

test('large documents are not kept without end', () => {
  let count = 0;
  const documents: Documents = {
    '/docs': () => {
      count += 1;
      return { headers: {}, bytes: Buffer.alloc(6 * 1024 * 1024) };
    },
  };
  const docs = createCallersDocuments(documents).get('/docs');
  for (const scope of ['a:read', 'b:read', 'c:read', 'c:read', 'b:read', 'a:read'])
    docs?.(callerWith(scope), () => []);
  expect(count).toBe(4);
});

const callerWith = (scope: string) => ({
  ...operatorBy('admin-token'),
  organization: { id: 'org_01ARZ3NDEKTSV4RRFFQ69G5FAV' as OrganizationId, name: 'Acme', externalId: null },
  scopes: [scope],
});
