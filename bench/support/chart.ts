import type { Table } from './table.ts';

const WIDTH = 860;
const BAR = 20;
const GAP = 8;
const LEFT = 330;
const TOP = 40;

/** Bars of one column of a table, as an SVG that a page can show. */
export function chartOf({ rows }: Table, column: string, title: string): string {
  const bars = rows.flatMap(({ name, values }) => {
    const value = values[column];
    return typeof value === 'number' && Number.isFinite(value) ? [{ name, value }] : [];
  });
  const most = Math.max(...bars.map(({ value }) => value));
  const height = TOP + bars.length * (BAR + GAP) + GAP;
  const drawn = bars.map(({ name, value }, index) => {
    const y = TOP + index * (BAR + GAP);
    const width = Math.max(1, (value / most) * (WIDTH - LEFT - 70));
    const colour =
      name.startsWith('tools/') || name.startsWith('refused') || name.startsWith('search')
        ? '#2563eb'
        : '#94a3b8';
    return `<text x="${LEFT - 10}" y="${y + 15}" text-anchor="end">${escapeXml(name)}</text>
<rect x="${LEFT}" y="${y}" width="${width.toFixed(1)}" height="${BAR}" rx="3" fill="${colour}"/>
<text x="${(LEFT + width + 6).toFixed(1)}" y="${y + 15}">${value.toFixed(2)}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="system-ui, sans-serif" font-size="13">
<title>${escapeXml(title)}</title>
<rect width="100%" height="100%" fill="#ffffff"/>
<text x="10" y="22" font-size="15" font-weight="600">${escapeXml(title)}</text>
${drawn.join('\n')}
</svg>
`;
}

const escapeXml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
