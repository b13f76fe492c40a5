const english = new Intl.DisplayNames('en', { type: 'region', fallback: 'code' });

/** The English name of a country by its ISO 3166 alpha-2 code; the code itself when it has no name. */
export function regionName(code: string): string {
  return /^[A-Za-z]{2}$/.test(code) ? (english.of(code.toUpperCase()) ?? code) : code;
}
