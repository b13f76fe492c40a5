import type { Scope } from '../../src/scopes/scopes.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const TTL_MS = 90 * DAY_MS;
const graceMs = { '0': 0, '1h': HOUR_MS, '24h': DAY_MS, '7d': 7 * DAY_MS } as const;

export type Grace = keyof typeof graceMs;
export type Ask = {
  readonly extra?: readonly Scope[];
  readonly explicit?: readonly Scope[];
  readonly days: number | 'never';
  readonly isPersonal?: boolean;
};

/** A key as the promises say it is. */
export type ModelKey = {
  readonly id: string;
  readonly plaintext: string;
  readonly scopes: readonly Scope[];
  readonly extras: readonly Scope[];
  readonly source: 'canonical' | 'canonical+extra' | 'explicit';
  readonly madeAtMs: number;
  readonly expiresAtMs: number;
  readonly replaces: ModelKey | null;
  /** Ada's, whose permissions and activity bound it; else the organisation's. */
  readonly isPersonal: boolean;
  graceUntilMs: number;
  revoked: boolean;
  replacedBy: ModelKey | null;
};

/** What the store must agree with, in as few words as it can be said. */
export class KeyModel {
  nowMs: number;
  canon: readonly Scope[];
  readonly keys: ModelKey[] = [];
  /** Ada, the one member: whether she is active, and what her group allows. */
  isActive = true;
  allowed: readonly Scope[] = [];

  constructor(nowMs: number, canon: readonly Scope[]) {
    this.nowMs = nowMs;
    this.canon = canon;
  }

  /** What the key is accepted with; undefined where it is refused. */
  effective(key: ModelKey): readonly Scope[] | undefined {
    if (!this.isLive(key) || (key.isPersonal && !this.isActive)) return undefined;
    return key.isPersonal ? key.scopes.filter((scope) => this.allowed.includes(scope)) : key.scopes;
  }

  isLive(key: ModelKey): boolean {
    return !key.revoked && this.nowMs < key.expiresAtMs && this.nowMs < key.graceUntilMs;
  }

  mint(id: string, plaintext: string, { extra = [], explicit, days, isPersonal = false }: Ask): ModelKey {
    const extras = extra.filter((scope) => !this.canon.includes(scope));
    const source = explicit ? 'explicit' : extras.length > 0 ? 'canonical+extra' : 'canonical';
    const scopes = explicit ?? [...this.canon, ...extras];
    const expiresAtMs = days === 'never' ? Number.POSITIVE_INFINITY : this.nowMs + days * DAY_MS;
    return this.#add({ id, plaintext, scopes, extras, source, expiresAtMs, replaces: null, isPersonal });
  }

  /** What a rotation must answer; a code, or the scopes of the replacement. */
  foreseeRotation(key: ModelKey, drop: boolean): string | readonly Scope[] {
    if (key.isPersonal) return 'FORBIDDEN';
    if (!this.isLive(key)) return 'KEY_NOT_ROTATABLE';
    const isOpen =
      key.graceUntilMs < Number.POSITIVE_INFINITY && key.replacedBy !== null && !key.replacedBy.revoked;
    const { replaces } = key;
    const isOfOpenOne = replaces !== null && replaces.replacedBy === key && this.isLive(replaces);
    if (isOpen || isOfOpenOne) return 'ROTATION_IN_PROGRESS';
    if (key.source === 'explicit') return key.scopes;
    const renewed = [...new Set([...this.canon, ...key.extras])];
    return key.scopes.every((scope) => renewed.includes(scope)) || drop ? renewed : 'SCOPES_WOULD_DROP';
  }

  rotate(key: ModelKey, grace: Grace, id: string, plaintext: string, scopes: readonly Scope[]): ModelKey {
    const life = Math.min(key.expiresAtMs - key.madeAtMs, TTL_MS);
    const expiresAtMs = key.expiresAtMs === Number.POSITIVE_INFINITY ? key.expiresAtMs : this.nowMs + life;
    const { source } = key;
    // As at a minting: what is canonical at that moment is no extra, so it goes when the canon loses it, if one agrees.
    const extras = key.extras.filter((scope) => !this.canon.includes(scope));
    key.replacedBy = this.#add({
      id,
      plaintext,
      scopes,
      extras,
      source,
      expiresAtMs,
      replaces: key,
      isPersonal: false,
    });
    key.graceUntilMs = Math.min(this.nowMs + graceMs[grace], key.expiresAtMs, key.graceUntilMs);
    return key.replacedBy;
  }

  #add(key: Omit<ModelKey, 'madeAtMs' | 'graceUntilMs' | 'revoked' | 'replacedBy'>): ModelKey {
    const graceUntilMs = Number.POSITIVE_INFINITY;
    const made = { ...key, madeAtMs: this.nowMs, graceUntilMs, revoked: false, replacedBy: null };
    this.keys.push(made);
    return made;
  }
}
