/** `name, value, name, value, …` as received. Node's parsed view drops or joins duplicates. */
export type RawHeaders = readonly string[];

/** All values of the header `name` (lower case), in order. */
export function headerValues(rawHeaders: RawHeaders, name: string): readonly string[] {
  const values: string[] = [];
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const sent = rawHeaders[index] ?? '';
    // Compares lengths first: each request is searched for a dozen names.
    if (sent.length === name.length && sent.toLowerCase() === name) values.push(rawHeaders[index + 1] ?? '');
  }
  return values;
}
