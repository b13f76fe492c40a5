import Database from 'better-sqlite3';

/**
 * Loaded before the program, it leaves every connection as far synced as the driver has it by default, and answers
 * as if it had obeyed: the control of the power-cut model, which must see what is lost then.
 */
const pragma = Database.prototype.pragma;
const asked = new WeakMap<Database.Database, number>();

Database.prototype.pragma = function asByDefault(source, options) {
  const level = /^synchronous = (NORMAL|FULL)$/.exec(source)?.[1];
  if (level === undefined)
    return source === 'synchronous' ? asked.get(this) : pragma.call(this, source, options);
  asked.set(this, level === 'FULL' ? 2 : 1);
  return undefined;
};
