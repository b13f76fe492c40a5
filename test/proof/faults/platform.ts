import type { ServerResponse } from 'node:http';
import {
  emptyPage,
  json,
  type PlatformCall,
  queryOf,
  startRestPlatform,
} from '../../support/rest-platform.ts';

export type Mood = 'well' | 'hangs' | 'drips' | 'resets' | 'breaks off' | 'refuses';

/** A platform behind a socket, as well as it is told to be; `callsOf` counts what arrived for an organisation. */
export async function startMoodyPlatform() {
  let mood: Mood = 'well';
  let onlyFor: string | null = null;
  const platform = await startRestPlatform((call, response) => {
    const organization = organizationOf(call);
    const isWell = onlyFor !== null && organization !== onlyFor;
    switch (isWell ? 'well' : mood) {
      case 'hangs':
        return;
      case 'drips':
        return drip(response);
      case 'breaks off':
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': '500' });
        response.write('{"organization_id":');
        return setImmediate(() => response.destroy());
      case 'resets':
        return response.socket?.resetAndDestroy();
      default:
        return json(response, emptyPage(organization));
    }
  });
  const port = Number(new URL(platform.url).port);
  return {
    url: platform.url,
    callsOf: (organization: string) =>
      platform.calls.filter((call) => organizationOf(call) === organization).length,
    organizations: () => [...new Set(platform.calls.map(organizationOf))],
    /** `only` limits it to what one organisation asks. */
    async become(next: Mood, only: string | null = null): Promise<void> {
      if (mood === 'refuses') {
        await new Promise<void>((resolve) => platform.server.listen(port, '127.0.0.1', resolve));
      }
      mood = next;
      onlyFor = only;
      if (next !== 'refuses') return;
      platform.server.closeAllConnections();
      await new Promise((resolve) => platform.server.close(resolve));
    },
  };
}

const DRIP_MS = 50;

/** Never silent for long, and never at an end. */
function drip(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'application/json' });
  const drops = setInterval(() => response.write(' '), DRIP_MS);
  response.on('close', () => clearInterval(drops));
}

const organizationOf = (call: PlatformCall): string => queryOf(call).get('organization_id') ?? '';
