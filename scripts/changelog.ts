import { execFileSync } from 'node:child_process';

/** The parts of CHANGELOG.md, and the types of commits that users notice. */
const partOf: Readonly<Record<string, string>> = { feat: 'Added', perf: 'Changed', fix: 'Fixed' };

/** Drafts lines for CHANGELOG.md from the subjects of commits, `type(scope): what it does`, oldest last. */
export function draft(subjects: readonly string[]): string {
  const lines = new Map<string, string[]>();
  for (const subject of subjects) {
    const [, type = '', scope = '', what = ''] = /^([a-z]+)(?:\(([^)]+)\))?: (.+)$/.exec(subject) ?? [];
    const part = Object.hasOwn(partOf, type) ? partOf[type] : undefined;
    if (part === undefined) continue;
    const sentence = `${what.charAt(0).toUpperCase()}${what.slice(1)}.`;
    const known = lines.get(part) ?? [];
    lines.set(part, [...known, scope === '' ? `- ${sentence}` : `- ${sentence} (${scope})`]);
  }
  const parts = Object.values(partOf).filter((part) => lines.has(part));
  return parts.map((part) => `### ${part}\n\n${lines.get(part)?.join('\n')}\n`).join('\n');
}

// `npm run changelog` prints what came since CHANGELOG.md was last changed; `-- <commit>`, since that commit.
if (import.meta.main) {
  const git = (...words: string[]): string => execFileSync('git', words, { encoding: 'utf8' }).trim();
  const since = process.argv[2] ?? git('log', '-1', '--format=%H', '--', 'CHANGELOG.md');
  process.stdout.write(draft(git('log', '--format=%s', `${since}..HEAD`).split('\n')));
}
