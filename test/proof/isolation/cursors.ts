import type { Ask, Voice } from './ask.ts';
import type { Fixture, TestPrincipal } from './fixture.ts';
import { listed, pageOf } from './questions.ts';

/** Where each principal's first page of each list ended: `next_cursor` by principal and tool. */
export type Cursors = ReadonlyMap<TestPrincipal, ReadonlyMap<string, string>>;

export async function collectCursors({ principals }: Fixture, ask: Ask): Promise<Cursors> {
  const cursors = new Map<TestPrincipal, Map<string, string>>();
  for (const principal of principals) {
    const own = new Map<string, string>();
    for (const tool of Object.keys(listed)) {
      const voice: Voice = 'rest';
      const { text } = await ask(asking(principal, voice, tool, pageOf));
      const cursor = /"next_cursor":"([\w-]+)"/.exec(text)?.[1];
      if (cursor !== undefined) own.set(tool, cursor);
    }
    cursors.set(principal, own);
  }
  return cursors;
}

/** A question as the principal asks it for the organisation that they speak for. */
export const asking = (principal: TestPrincipal, voice: Voice, tool: string, args: object) => ({
  key: principal.key,
  voice,
  tool,
  args,
  organizationHeader: principal.kind === 'host' ? principal.organization.tenant.id : null,
  organizationUrl: null,
  onBehalfOf: principal.organization.marker,
});
