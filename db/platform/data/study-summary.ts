type AskedAgent = {
  readonly age: number;
  readonly gender: string;
  readonly country: string;
  readonly occupation: string;
};

/** Summarizes a finished study from its own rows: who was asked, and what. It invents no answers. */
export function summarizeStudy(questions: readonly string[], asked: readonly AskedAgent[]): string {
  const sentences = [`${plural(questions.length, 'question')} put to ${plural(asked.length, 'agent')}.`];
  if (asked.length > 0) {
    sentences.push(
      `Ages ${ages(asked)}.`,
      `Gender: ${ranked(asked, 'gender')}.`,
      `Countries: ${ranked(asked, 'country')}.`,
      `Occupations: ${ranked(asked, 'occupation')}.`,
    );
  }
  sentences.push(`Asked: ${questions.map((question, index) => `(${index + 1}) ${question}`).join(' ')}`);
  return sentences.join(' ');
}

const MOST_NAMED = 8;

/** "Germany 12, France 9 and 3 more": most frequent first, ties by name. */
function ranked(asked: readonly AskedAgent[], field: 'gender' | 'country' | 'occupation'): string {
  const counts = new Map<string, number>();
  for (const agent of asked) counts.set(agent[field], (counts.get(agent[field]) ?? 0) + 1);
  const order = [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
  const named = order.slice(0, MOST_NAMED).map(([name, times]) => `${name} ${times}`);
  const rest = order.length - named.length;
  return named.join(', ') + (rest > 0 ? ` and ${rest} more` : '');
}

function ages(asked: readonly AskedAgent[]): string {
  const sorted = asked.map((agent) => agent.age).sort((a, b) => a - b);
  return `${sorted.at(0)} to ${sorted.at(-1)}, median ${sorted[Math.floor(sorted.length / 2)]}`;
}

const plural = (times: number, noun: string): string => `${times} ${noun}${times === 1 ? '' : 's'}`;
