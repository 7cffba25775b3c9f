/**
 * Who people are, as far as this house was told. Unknown ones are asked for together, and again after a while, for names
 * change and nobody is told of every change.
 */

import type { Person, UserId } from "../wire/wire";

/** People remembered, at most; the longest unasked go first. */
export const PEOPLE_KEPT_MAX = 20_000;
/** People in one question, at most. */
const ASK_MAX = 100;
/** After how long somebody who is looked at is asked for again, in milliseconds. */
const STALE_MS = 10 * 60_000;
/** After how long a question that was not answered is put again, in milliseconds. */
const AGAIN_MS = 5_000;

type Known = { person?: Person; asked_ms: number };

export type PeopleParts = {
  now_ms(): number;
  /** Asks the server who they are. */
  ask(users: UserId[]): Promise<readonly Person[]>;
  /** Somebody is known now, or otherwise than before. */
  changed(): void;
};

export type People = {
  of(user: UserId): Person | undefined;
  /** These are shown: whoever is unknown, or was asked for long ago, is asked for. */
  want(users: Iterable<UserId>): void;
  told(people: readonly Person[]): void;
};

export function knownPeople({ now_ms, ask, changed }: PeopleParts): People {
  const known = new Map<UserId, Known>();
  const wanted = new Set<UserId>();
  let asking = false;

  const told = (people: readonly Person[]) => {
    let news = false;
    for (const person of people) {
      const before = known.get(person.user)?.person;
      if (JSON.stringify(before) !== JSON.stringify(person)) news = true;
      known.delete(person.user);
      known.set(person.user, { person, asked_ms: now_ms() });
    }
    for (const user of known.keys()) {
      if (known.size <= PEOPLE_KEPT_MAX) break;
      known.delete(user);
    }
    if (news) changed();
  };

  const askNext = async () => {
    if (asking || wanted.size === 0) return;
    asking = true;
    const users = [...wanted].slice(0, ASK_MAX);
    for (const user of users) wanted.delete(user);
    try {
      told(await ask(users));
    } catch {
      // Nobody answers now: whoever is still shown is asked for again.
      const retry_ms = now_ms() - STALE_MS + AGAIN_MS;
      for (const user of users) known.set(user, { ...known.get(user), asked_ms: retry_ms });
    }
    asking = false;
    void askNext();
  };

  return {
    of: (user) => known.get(user)?.person,
    want(users) {
      const now = now_ms();
      for (const user of users) {
        const asked_ms = known.get(user)?.asked_ms;
        if (asked_ms !== undefined && now - asked_ms < STALE_MS) continue;
        known.set(user, { ...known.get(user), asked_ms: now });
        wanted.add(user);
      }
      void askNext();
    },
    told,
  };
}
