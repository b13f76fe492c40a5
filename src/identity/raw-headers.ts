/** `name, value, name, value, …` as they came: Node's own view keeps one of a duplicate or joins them. */
export type RawHeaders = readonly string[];

/** Every value that was sent under `name` (lower case), in order. */
export function headerValues(rawHeaders: RawHeaders, name: string): readonly string[] {
  const values: string[] = [];
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const sent = rawHeaders[index] ?? '';
    // Most differ in length already: a request is asked for a dozen names.
    if (sent.length === name.length && sent.toLowerCase() === name) values.push(rawHeaders[index + 1] ?? '');
  }
  return values;
}
