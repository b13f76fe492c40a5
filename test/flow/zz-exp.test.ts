import { test } from 'vitest';
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { startTwoTenants } from '../support/start-app.ts';
import { rawSearch, bearer } from '../support/raw-http.ts';
test('x', async () => {
  const app = await startTwoTenants({ seed: false });
  const hand = new Database(join(app.dataDir, 'tenantry.db'));
  hand.pragma('wal_checkpoint(TRUNCATE)');
  const file = join(app.dataDir, 'tenantry.db');
  const whole = readFileSync(file);
  const pageSize = whole.readUInt16BE(16);
  const overwrite = (bytes: Buffer) => { const h = openSync(file, 'r+'); writeSync(h, bytes, pageSize, bytes.length - pageSize, pageSize); closeSync(h); };
  overwrite(Buffer.alloc(whole.length, 0x5a));
  const format = app.services.mintRules.format;
  const find = async () => { try { const p = format.parse(app.acme.defaultKey); return (await app.services.store.keys.find(p!.hash))?.key.id; } catch (e: any) { return e.code + ' ' + e.cause?.message + ' ' + e.cause?.code; } };
  console.log('bad', await find());
  console.log((await rawSearch(app.port, 'mcp', [bearer(app.acme.defaultKey)])).status);
  overwrite(whole);
  console.log('whole', await find());
  hand.exec('UPDATE secrets SET value = value');
  console.log('after commit', await find());
  try { console.log(await app.audit()) } catch (e: any) { console.log('audit', e.cause); }
  console.log((await rawSearch(app.port, 'mcp', [bearer(app.acme.defaultKey)])).text);
  console.log('after commit', await find());
  const fresh = new Database(file); console.log(fresh.pragma('integrity_check'));
}, 60000);
