import { randomBytes } from 'node:crypto';

/** Which organisation a text belongs to, by its index in the fixture: markers, and every id that was made. */
export type Owners = Map<string, number>;

const MARK = 'mrkr';

/** Lower case and one word, so that it stays itself in tags and is found by a search. */
export const newMarker = (): string => MARK + randomBytes(8).toString('hex');

const telling =
  /mrkr[0-9a-f]{16}|(?:org|key|usr|grp|agt|rgp|std|job)_[0-9A-HJKMNP-TV-Z]{26}|tnt_[0-9A-Za-z]{8}/g;

/** What of `text` is not the organisation's, and whether anything in it is. */
export function findMarkers(text: string, own: number, owners: Owners) {
  const foreign: string[] = [];
  let showsOwn = false;
  for (const [found] of text.matchAll(telling)) {
    const owner = owners.get(found);
    if (owner === own) showsOwn = true;
    else if (owner !== undefined) foreign.push(found);
  }
  return { foreign, showsOwn };
}
