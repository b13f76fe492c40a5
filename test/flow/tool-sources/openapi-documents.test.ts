import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readDocument } from '../../../src/tool-sources/openapi/read-document.ts';
import { callSome, everyMethod, SCOPE } from '../../support/document-calls.ts';
import { root } from '../../support/fresh-start.ts';
import { rpc } from '../../support/http.ts';
import { startApp } from '../../support/start-app.ts';

const github = join(root, 'node_modules/@octokit/openapi/generated/api.github.com.json');

test('the document of GitHub becomes a thousand tools, and calls send what it says', async () => {
  const document = await readDocument(github);
  const { tools, called } = await callSome(document, 200);
  expect(tools).toBeGreaterThan(1000);
  expect(called).toBeGreaterThan(190);
});

test('a server in front of it lists all of them', async () => {
  const app = await startApp({
    seed: false,
    config: {
      builtinTools: false,
      scopes: { catalogue: [SCOPE], canonical: [SCOPE] },
      downstreams: [
        {
          prefix: 'github',
          openapi: github,
          scopes: { methods: everyMethod },
          organizationInDocument: false,
        },
      ],
    },
  });
  const acme = await app.provision('Acme');
  const { tools } = (await rpc(app.url, acme.defaultKey, 'tools/list')).body.result;
  expect(tools.length).toBeGreaterThan(1000);
  expect(new Set(tools.map(({ name }: { name: string }) => name)).size).toBe(tools.length);
  const [report] = app.reports;
  expect(report?.tools).toBe(tools.length - 1);
});
