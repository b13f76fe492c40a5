import { globSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { root } from '../support/fresh-start.ts';

const read = (file: string): string => readFileSync(join(root, file), 'utf8');
const { engines, devDependencies, scripts } = JSON.parse(read('package.json'));

test('one Node is named everywhere', () => {
  const major = read('.node-version').trim();
  expect(engines.node).toMatch(new RegExp(`^>=${major}\\.`));
  expect(devDependencies.node).toMatch(new RegExp(`^${major}\\.`));
});

test('the hook before a commit can be run, where Git is told that it is', () => {
  const [, folder = ''] = /core\.hooksPath (\S+)/.exec(scripts.hooks) ?? [];
  expect(statSync(join(root, folder, 'pre-commit')).mode & 0o111).toBe(0o111);
});

/** As GitHub takes it: https://docs.github.com/en/communities/using-templates-to-encourage-useful-issues-and-pull-requests/syntax-for-issue-forms */
const IssueForm = z.strictObject({
  name: z.string(),
  description: z.string(),
  labels: z.array(z.string()),
  body: z.array(
    z.strictObject({
      type: z.enum(['markdown', 'textarea', 'input', 'dropdown', 'checkboxes']),
      id: z.string().optional(),
      attributes: z.record(z.string(), z.unknown()),
      validations: z.strictObject({ required: z.boolean() }).optional(),
    }),
  ),
});

const forms = globSync('.github/ISSUE_TEMPLATE/*.yml', { cwd: root }).filter((file) => !/config/.test(file));

test.each(forms)('%s is a form', (file) => {
  expect(IssueForm.safeParse(parse(read(file))).error?.issues ?? []).toEqual([]);
});
