import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { requireNoSecrets } from './secrets.ts';

/** Where the shipped configuration lies. */
export const root = join(import.meta.dirname, '../..');

/** A folder of the test's own, searched for plaintext before it is removed. */
export function temporaryDir(): string {
  const dir = mkdtempSync(join(tmpdir(), 'tenantry-start-'));
  onTestFinished(() => {
    try {
      requireNoSecrets({ folder: dir });
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  });
  return dir;
}

/** A configuration of its own in a folder of its own. */
export function writeConfig(config: unknown): { dir: string; file: string } {
  const dir = temporaryDir();
  const file = join(dir, 'mcp.config.json');
  writeFileSync(file, typeof config === 'string' ? config : JSON.stringify(config));
  return { dir, file };
}

/** What a person copies from the terminal at the first start. */
export function readDemo(text: string) {
  const all = (label: string) =>
    [...text.matchAll(new RegExp(`^ *${label} +(\\S+)$`, 'gm'))].map(([, value = '']) => value);
  const snippet = /^\{$[\s\S]*?^\}$/m.exec(text)?.[0] ?? '';
  return {
    ids: all('organisation'),
    defaultKeys: all('default key'),
    managerKeys: all('manager key'),
    snippet,
  };
}
