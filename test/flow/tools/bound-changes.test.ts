import { describe, expect, test, vi } from 'vitest';
import { openAuditSlot } from '../../../src/audit/audit-slot.ts';
import { verifyChain } from '../../../src/audit/chain/verify.ts';
import { AppError } from '../../../src/errors.ts';
import { bindOperator } from '../../../src/tool/context/operator-context.ts';
import type { ToolContext } from '../../../src/tool/context/tool-context.ts';
import { type App, askAs, doors, mcp, start } from '../../support/changing-calls.ts';
import { changingTool, minted } from '../../support/changing-tools.ts';
import { callTool } from '../../support/http.ts';
import { operateGroups, operatePeople } from '../../support/operate-people.ts';
import { openBeside } from '../../support/streams.ts';

/** All that a handler can change, and what it needs to change it. */
const changes: Readonly<Record<string, (context: ToolContext, ids: Ids) => Promise<unknown>>> = {
  'keys.mint': ({ keys }) => keys.mint(minted('made')),
  'keys.rotate': ({ keys }, { keyId }) => keys.rotate(keyId, {}),
  'keys.update': ({ keys }, { keyId }) => keys.update(keyId, { name: 'renamed' }),
  'keys.revoke': ({ keys }, { keyId }) => keys.revoke(keyId),
  'members.add': ({ members }) => members.add({ name: 'Bea', email: null, role: 'member' }),
  'members.change': ({ members }, { userId }) => members.change(userId, { active: false }),
  'members.remove': ({ members }, { userId }) => members.remove(userId),
  'members.groups.create': ({ members }) => members.groups.create({ name: 'made', permissions: [] }),
  'members.groups.change': ({ members }, { groupId }) =>
    members.groups.change(groupId, () => ({ name: 'renamed' })),
  'members.groups.delete': ({ members }, { groupId }) => members.groups.delete(groupId),
  'members.groups.addMember': ({ members }, { groupId, userId }) => members.groups.addMember(groupId, userId),
  'members.groups.removeMember': ({ members }, { groupId, joined }) =>
    members.groups.removeMember(groupId, joined),
};
const reads = new Set(['list', 'get', 'review', 'scopes', 'request', 'post']);

type Ids = {
  readonly keyId: string;
  readonly userId: string;
  readonly joined: string;
  readonly groupId: string;
};

const functionsIn = (value: unknown, path: string): readonly string[] =>
  typeof value !== 'object' || value === null
    ? []
    : Object.entries(value).flatMap(([name, each]) =>
        typeof each === 'function' ? [`${path}${name}`] : functionsIn(each, `${path}${name}.`),
      );

describe('a handler has no way to a change but the one of its call', () => {
  test('nothing that it is bound to changes anything besides', async () => {
    let found: readonly string[] = [];
    const look = changingTool('look', async (_name, { signal: _signal, ...context }) => {
      found = functionsIn(context, '');
    });
    const app = await start({ tools: [look] });
    await askAs(app, mcp, 'look', '');
    const changing = found.filter((path) => !reads.has(path.split('.').at(-1) ?? ''));
    // `get` of the platform is a read; what it is asked to write has an intent of its own.
    expect(changing.sort()).toEqual(Object.keys(changes).sort());
  });

  test.each(Object.entries(changes))(
    '%s writes the row of its call, and another change is refused',
    async (name, change) => {
      let ids: Ids | undefined;
      const refusals: unknown[] = [];
      const tool = changingTool('change', async (_name, context) => {
        if (ids === undefined) return;
        await change(context, ids);
        for (const other of Object.values(changes))
          await other(context, ids).catch((thrown: { code?: unknown }) => refusals.push(thrown.code));
      });
      const app = await start({ tools: [tool] });
      ids = await makeIds(app);
      const { plaintext } = await app.mint(app.acme, { scopes: ['key:write', 'member:write'] });
      const before = (await app.audit()).length;
      const answer = await callTool(app.url, plaintext, 'change', { name });
      expect(answer.body.result.structuredContent).toEqual({ done: true });
      const rows = (await app.audit()).slice(0, -before);
      expect(rows).toMatchObject([{ kind: 'call', tool: 'change', status: 200, change: expect.any(String) }]);
      expect(refusals).toEqual(Object.keys(changes).map(() => 'INTERNAL'));
    },
  );
});

async function makeIds(app: App): Promise<Ids> {
  const { id: keyId } = await app.mint(app.acme, { scopes: [] });
  const people = operatePeople(app, app.acme);
  const { userId } = await people.add({ name: 'Ada', email: null, role: 'member' });
  const { userId: joined } = await people.add({ name: 'Cyd', email: null, role: 'member' });
  const groups = operateGroups(app, app.acme);
  const { id: groupId } = await groups.create({ name: 'readers', permissions: [] });
  await groups.addMember(groupId, joined);
  return { keyId, userId, joined, groupId };
}

describe('a handler that forgets', () => {
  test('to wait for its change: it is told in the row of the call, or not made', async () => {
    const changing: Promise<unknown>[] = [];
    const forget = changingTool('forget', async (name, { keys }) => {
      changing.push(keys.mint(minted(name)).catch(() => undefined));
    });
    const app = await start({ tools: [forget] });
    const seen = await askAs(app, mcp, 'forget', 'forgotten');
    await Promise.all(changing);
    expect(seen.done).toBe(true);
    expect(seen.told).toEqual([['call', null, seen.keys[0]]]);
  });

  test.each(Object.entries(doors))(
    'to wait while another process holds the store: nothing is changed once its call is over, by %s',
    async (_door, { call: ask, fastLane }) => {
      const changing: Promise<unknown>[] = [];
      const forget = changingTool('forget', async (name, { keys }) => {
        changing.push(keys.mint(minted(name)).catch((thrown: { code?: unknown }) => thrown.code));
      });
      const app = await start({ tools: [forget], config: { server: { fastLane } } });
      const { plaintext } = await app.mint(app.acme, { scopes: ['key:write'] });
      const append = vi.spyOn(app.services.store.audit, 'append');
      const beside = openBeside(app);
      beside.lock();
      const call = ask(app, plaintext, 'forget', 'forgotten');
      await expect.poll(() => changing.length).toBe(1);
      // The call is over once its own row waits behind the change.
      const ownRows = () => append.mock.calls.filter(([row]) => row.tool === 'forget');
      await expect.poll(() => ownRows().length).toBe(1);
      beside.unlock();
      expect(await call).toMatchObject({ done: true });
      expect(await Promise.all(changing)).toEqual(['CANCELLED']);
    },
  );

  test('that its call is over: what it kept of it changes nothing, whether the call changed something or not', async () => {
    const kept: ToolContext[] = [];
    const keep = changingTool('keep', async (name, context) => {
      kept.push(context);
      if (name === 'changes') await context.keys.mint(minted(name));
    });
    const app = await start({ tools: [keep] });
    const { plaintext } = await app.mint(app.acme, { scopes: ['key:write'] });
    for (const name of ['changes', 'reads']) await mcp(app, plaintext, 'keep', name);
    const before = (await app.audit()).length;
    for (const { keys } of kept) await expect(keys.mint(minted('late'))).rejects.toBeDefined();
    expect((await app.audit()).length).toBe(before);
  });
});

function openSlot({ services }: App) {
  const facts = { method: 'POST', target: '/', clientAddress: null, clientName: null };
  return openAuditSlot({ ...facts, onBehalfOf: null, traceparent: null }, services.slot);
}

describe('a call that ends while its change is being committed', () => {
  /** A slot of the app, whose change commits when it is told to. */
  async function startCommit() {
    const app = await start();
    const slot = openSlot(app);
    const commit = Promise.withResolvers<void>();
    const change = slot.mutate(async (row) => {
      const own = row({ changed: 'x' });
      await commit.promise;
      await app.services.store.audit.append(own);
    });
    const ended = slot.close({ status: 499, errorCode: 'CANCELLED' });
    const rows = async () =>
      (await app.audit())
        .filter(({ requestId }) => requestId === slot.requestId)
        .reverse()
        .map(({ kind, errorCode, change: made }) => [kind, errorCode, made]);
    return { commit, change, ended, rows };
  }

  test('leaves the row of the change, and how it ended', async () => {
    const { commit, change, ended, rows } = await startCommit();
    expect(await rows()).toEqual([]);
    commit.resolve();
    await Promise.all([change, ended]);
    expect(await rows()).toEqual([
      ['call', null, '{"changed":"x"}'],
      ['failure', 'CANCELLED', null],
    ]);
  });

  test('leaves its own row alone where the commit fails', async () => {
    const { commit, change, ended, rows } = await startCommit();
    commit.reject(new AppError('STORE_BUSY'));
    await expect(change).rejects.toMatchObject({ code: 'STORE_BUSY' });
    await ended;
    expect(await rows()).toEqual([['call', 'CANCELLED', null]]);
  });
});

test('a failure after a change by the operator is in the audit of the organisation concerned', async () => {
  const app = await start();
  const slot = openSlot(app);
  const { organizations } = bindOperator(slot, app.services.operator);
  await organizations.change(app.acme.id, 'suspend');
  await expect(organizations.change(app.bolt.id, 'suspend')).rejects.toMatchObject({ code: 'INTERNAL' });
  await slot.close({ status: 500, errorCode: 'INTERNAL' });
  const own = (await app.audit()).filter(({ requestId }) => requestId === slot.requestId);
  expect(own).toMatchObject([
    { kind: 'failure', organizationId: app.acme.id },
    { kind: 'call', organizationId: app.acme.id },
  ]);
  expect((await app.services.store.organizations.get(app.bolt.id))?.status).toBe('active');
});

test('the failure after a change is the end of a write that was announced between the two', async () => {
  const app = await start();
  const slot = openSlot(app);
  await slot.mutate(async (row) => app.services.store.audit.append(row({ changed: 'x' })));
  await slot.intent({ method: 'POST', path: '/' });
  expect(await verifyChain(app.services.store.audit)).toMatchObject({ openIntents: [slot.requestId] });
  await slot.close({ status: 502, errorCode: 'DOWNSTREAM_FAILED' });
  expect(await verifyChain(app.services.store.audit)).toMatchObject({ openIntents: [] });
});
