import { rmSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { test } from 'vitest';
import { requestJson } from '../support/http.ts';
import { askWith, startStory } from '../support/restore-story.ts';
import { trials } from './support/depth.ts';
import { prove } from './support/proof.ts';

/** What may happen to a key after the backup, and what its holder is told once the backup is back. */
const fates = {
  'is left alone': 'welcome',
  'is revoked': 'INVALID_TOKEN',
  'is rotated': 'INVALID_TOKEN',
  'is shortened': 'INVALID_TOKEN',
} as const;
type Fate = keyof typeof fates;

const KEYS_OF_EACH = 3;

/** Backs up, lets the fates happen, restores; answers what did not come out as promised. */
async function drill(): Promise<string[]> {
  const story = await startStory();
  const manager = await story.mint(story.acme, { scopes: ['key:write'] });
  const act = (method: string, path: string, body?: object) =>
    requestJson(`${story.url}/v1/keys/${path}`, { method, key: manager.plaintext, ...(body && { body }) });
  const keys = [];
  for (const fate of Object.keys(fates) as Fate[]) {
    for (let count = 0; count < KEYS_OF_EACH; count += 1) {
      keys.push({ fate, ...(await story.mint(story.acme)) });
    }
  }
  await story.run('backup', '--out', 'copy.db');
  for (const { id, fate } of keys) {
    if (fate === 'is revoked') await act('DELETE', id);
    if (fate === 'is rotated') await act('POST', `${id}/rotate`, {});
    if (fate === 'is shortened') await act('PATCH', id, { expires_in_days: 1 });
  }
  const late = await story.mint(story.acme);
  await story.close();
  await story.run('restore', 'copy.db');
  const app = await story.restart();
  const told = await Promise.all(
    [...keys, { ...late, fate: 'is minted' as const }].map(async ({ plaintext, fate }) => {
      const [, code] = await askWith(app, plaintext);
      const promised = fate === 'is minted' ? 'INVALID_TOKEN' : fates[fate];
      return code === promised ? [] : [`a key that ${fate} after the backup: ${code}, not ${promised}`];
    }),
  );
  const store = new Database(join(story.dataDir, 'tenantry.db'), { readonly: true });
  const integrity = store.pragma('integrity_check', { simple: true });
  store.close();
  await app.close();
  rmSync(join(story.dataDir, 'copy.db'));
  return [...told.flat(), ...(integrity === 'ok' ? [] : [`integrity: ${integrity}`])];
}

test('an older copy that is restored revives nothing that ended since', async (context) => {
  const rounds = trials({ planted: 1, ci: 5, full: 100 });
  const failures: string[] = [];
  for (let round = 0; round < rounds; round += 1) failures.push(...(await drill()));
  prove(context, {
    id: 'restore.drill',
    property:
      'after a restore what was revoked stays revoked, what changed waits for the operator, the rest works',
    trials: rounds * (Object.keys(fates).length * KEYS_OF_EACH + 1),
    unit: 'keys through a restore',
    failures,
    measured: { restores: rounds },
  });
});
