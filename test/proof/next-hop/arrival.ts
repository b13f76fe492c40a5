import type { Sighting } from './platform.ts';

/** The path that a request must have at the platform, in segments; the value is one of them. */
export type Expected = {
  readonly method: string;
  readonly segments: readonly string[];
  readonly valueAt: number;
  /** Where the value comes last and may hold slashes: a hop that decodes makes more segments of it. */
  readonly isMany?: true;
};

/** What is wrong with a request as the platform got it; undefined where it is what it should be, however it is read. */
export function wrongArrival(sighting: Sighting, expected: Expected): string | undefined {
  const { method, target } = sighting;
  const [path = ''] = target.split('?');
  const asUrl = new URL(target, 'http://platform.invalid').pathname;
  const isExact = (text: string): boolean => {
    const found = decodedSegments(text);
    const isCounted = expected.isMany === true || found.length === expected.segments.length;
    return isCounted && found.join('/') === expected.segments.join('/');
  };
  if (method !== expected.method) return `it came as ${method} ${target}`;
  if (!isExact(path)) return `it came as ${path}`;
  if (!isExact(asUrl)) return `read as a URL it is ${asUrl}`;
  return staysInPlace(path.replaceAll(/;[^/]*/g, ''), expected)
    ? undefined
    : `without what follows ";" it is ${path}`;
}

/** Whether all but the value is as it was, and the value one name. */
export function staysInPlace(path: string, { segments, valueAt, isMany }: Expected): boolean {
  const found = decodedSegments(path);
  const names = isMany === true ? found.flatMap((each) => each.split('/')) : found;
  const isValue = (index: number) => (isMany === true ? index >= valueAt : index === valueAt);
  const isCounted = isMany === true ? names.length > valueAt : names.length === segments.length;
  return (
    isCounted &&
    names.every((name, index) => (isValue(index) ? !/^\.{0,2}$|[/\\]/.test(name) : name === segments[index]))
  );
}

const decodedSegments = (path: string): string[] => path.split('/').slice(1).map(decoded);

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
