import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../support/fresh-start.ts';

type Package = {
  readonly version?: string;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly link?: boolean;
  readonly dev?: boolean;
  readonly optional?: boolean;
  readonly hasInstallScript?: boolean;
};

export type LockedPackage = Package & {
  readonly path: string;
  readonly name: string;
  readonly version: string;
};

type Manifest = {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly allowScripts: Readonly<Record<string, boolean>>;
  readonly files: readonly string[];
};

// Files of this repository and of npm, whose form is theirs.
const readJson = (file: string) => JSON.parse(readFileSync(join(root, file), 'utf8'));

export const manifest: Manifest = readJson('package.json');
export const locked = packagesOf('package-lock.json');
/** What npm says that it installed. */
export const installed = packagesOf('node_modules/.package-lock.json');
/** What runs where Tenantry is installed. */
export const production = locked.filter(({ dev }) => dev !== true);

function packagesOf(file: string): readonly LockedPackage[] {
  const packages: Readonly<Record<string, Package>> = readJson(file).packages;
  return Object.entries(packages)
    .filter(([path]) => path !== '')
    .map(([path, each]) => ({ ...each, path, name: nameOf(path), version: each.version ?? '' }));
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
}

/** Whether `version` is `least` or later, in the numbers alone: of a version without a suffix. */
export function isAtLeast(version: string, least: string): boolean {
  const [have, want] = [version, least].map((each) => each.split('.').map(Number));
  const index = [0, 1, 2].find((each) => have?.[each] !== want?.[each]);
  return index === undefined || (have?.[index] ?? 0) > (want?.[index] ?? 0);
}
