/** As a module for `--import`: the Node that runs says that it is another. */
export const claimNode = (version: string): string =>
  module(`Object.defineProperty(process, 'versions', {
    value: { ...process.versions, node: ${JSON.stringify(version)} },
  });`);

/** Likewise: the SQLite in the driver says that it is another. */
export const claimSqlite = (driver: string, version: string): string =>
  module(`import { createRequire } from 'node:module';
    const { prototype } = createRequire(${JSON.stringify(driver)})(${JSON.stringify(driver)});
    const { prepare } = prototype;
    prototype.prepare = function (sql) {
      return prepare.call(this, sql.replace('sqlite_version()', "'${version}'"));
    };`);

const module = (source: string): string => `data:text/javascript,${encodeURIComponent(source)}`;
