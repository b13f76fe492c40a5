import type { Ask, Voice } from './ask.ts';
import { listed, pageOf } from './questions.ts';
import type { Speaker, World } from './world.ts';

/** Where each speaker's first page of each list ended: `next_cursor` by speaker and tool. */
export type Cursors = ReadonlyMap<Speaker, ReadonlyMap<string, string>>;

export async function collectCursors({ speakers }: World, ask: Ask): Promise<Cursors> {
  const cursors = new Map<Speaker, Map<string, string>>();
  for (const speaker of speakers) {
    const own = new Map<string, string>();
    for (const tool of Object.keys(listed)) {
      const voice: Voice = 'rest';
      const { text } = await ask(asking(speaker, voice, tool, pageOf));
      const cursor = /"next_cursor":"([\w-]+)"/.exec(text)?.[1];
      if (cursor !== undefined) own.set(tool, cursor);
    }
    cursors.set(speaker, own);
  }
  return cursors;
}

/** A question as the speaker asks it for the organisation that they speak for. */
export const asking = (speaker: Speaker, voice: Voice, tool: string, args: object) => ({
  key: speaker.key,
  voice,
  tool,
  args,
  organizationHeader: speaker.kind === 'host' ? speaker.organization.tenant.id : null,
  organizationUrl: null,
  onBehalfOf: speaker.organization.canary,
});
