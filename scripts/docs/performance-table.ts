import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { table, whole } from './markdown.ts';

const Results = z.object({
  measuredAt: z.iso.datetime(),
  machine: z.object({ node: z.string(), cpu: z.string(), cores: z.int() }),
  targets: z.array(z.object({ name: z.string(), figure: z.number(), wanted: z.string(), met: z.boolean() })),
});

/** Each target of the bench, as its last whole run found it. */
export function performanceTable(): string {
  const file = join(import.meta.dirname, '../../bench/results.json');
  const { measuredAt, machine, targets } = Results.parse(JSON.parse(readFileSync(file, 'utf8')));
  const met = targets.filter((target) => target.met).length;
  const where = `${machine.cores} shared cores (${machine.cpu}), Node ${machine.node.replace('v', '')}`;
  const rows = targets.map((target) => [
    target.name,
    shown(target.figure),
    target.wanted,
    target.met ? 'met' : '**missed**',
  ]);
  return [
    `Measured ${measuredAt.slice(0, 10)} on ${where}: ${met} of ${targets.length} targets are met.`,
    table(['what', 'measured', 'wanted', ''], rows),
  ].join('\n\n');
}

const shown = (figure: number): string =>
  figure < 10 ? String(Number(figure.toFixed(2))) : whole(Number(figure.toFixed(figure < 100 ? 1 : 0)));
