import { MOST, START } from '../parts/footprint.ts';
import { BESIDE, FEW_KEYS, MANY_KEYS } from '../parts/keys.ts';
import { BARE_CALL, CALL, LIST, REFUSED, SDK } from '../parts/peers.ts';
import { BESIDE_FEW, FEW_ROUTES, MANY_ROUTES } from '../parts/routes.ts';
import { LARGE } from '../parts/search.ts';
import { figureOf, type Table } from './table.ts';

export type Target = {
  readonly name: string;
  readonly figure: number;
  readonly wanted: string;
  readonly met: boolean;
};
type Tables = Readonly<Record<string, Table | undefined>>;

/** What Tenantry sets out to reach, and what this run found; a part that was not measured is left out. */
export function checkTargets({ peers, keys, search, routes, footprint }: Tables): readonly Target[] {
  const ratio = (one: string, other: string): number | null => {
    const [a, b] = [one, other].map((name) => peers && figureOf(peers, name, 'requests/s'));
    return a == null || b == null ? null : a / b;
  };
  const targets = [
    atLeast('tools/call, share of bare node:http', ratio(CALL, BARE_CALL), 0.5),
    atLeast("tools/call, times the SDK's default", ratio(CALL, SDK), 8),
    atLeast('tools/list, share of bare node:http', peers && figureOf(peers, LIST, '× bare'), 0.7),
    atLeast('refused calls, share of allowed ones', ratio(REFUSED, CALL), 1),
    atLeast(`${MANY_KEYS}, share of ${FEW_KEYS}`, keys && figureOf(keys, MANY_KEYS, BESIDE), 0.8),
    under('peak memory at a million keys, MiB', keys && figureOf(keys, MANY_KEYS, 'peak MiB'), 200),
    under(`search over ${LARGE}, p95 in ms`, search && figureOf(search, LARGE, 'p95'), 20),
    under(`${MANY_ROUTES}, times ${FEW_ROUTES}`, routes && figureOf(routes, MANY_ROUTES, BESIDE_FEW), 2),
    under(START, footprint && figureOf(footprint, START, 'value'), 500),
    under(MOST, footprint && figureOf(footprint, MOST, 'value'), 200),
  ];
  return targets.filter((target) => target !== undefined);
}

function atLeast(name: string, figure: number | null | undefined, least: number): Target | undefined {
  return figure == null ? undefined : { name, figure, wanted: `at least ${least}`, met: figure >= least };
}

function under(name: string, figure: number | null | undefined, most: number): Target | undefined {
  return figure == null ? undefined : { name, figure, wanted: `under ${most}`, met: figure < most };
}

export const formatTargets = (targets: readonly Target[]): string =>
  [
    'Targets',
    '',
    ...targets.map(
      ({ name, figure, wanted, met }) =>
        `${met ? 'met   ' : 'MISSED'}  ${figure.toFixed(2).padStart(8)}  ${wanted.padEnd(14)} ${name}`,
    ),
    '',
  ].join('\n');
