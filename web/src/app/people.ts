/**
 * Who people are, for every screen at once. Lines ask for one name at a time; here these become one watch that grows,
 * so that a timeline of three hundred lines is one question and not three hundred.
 */
import { createContext, useCallback, useContext, useMemo, useSyncExternalStore } from "react";
import type { Engine, Presence } from "../engine/contract";
import type { Person, UserId } from "../wire/wire";
import { LIMITS } from "../wire/wire";
import { t } from "../words/words";

export class People {
  private wanted = new Set<UserId>();
  private held: { readonly [user: UserId]: Person } = {};
  private here: { readonly [user: UserId]: Presence } = {};
  private looked: UserId[] = [];
  private due = false;
  private stops: (() => void)[] = [];
  private listeners = new Set<() => void>();
  version = 0;

  constructor(private engine: Engine) {}

  of(user: UserId): Person | undefined {
    if (!this.wanted.has(user)) {
      this.wanted.add(user);
      this.later();
    }
    return this.held[user];
  }

  /** Whether they are there. Only so many are followed as a session may; the ones asked for last. */
  presence(user: UserId): Presence | undefined {
    if (!this.looked.includes(user)) {
      this.looked = [...this.looked, user].slice(-LIMITS.watch_presence_max);
      this.later();
    }
    return this.here[user];
  }

  subscribe = (tell: () => void) => {
    this.listeners.add(tell);
    return () => {
      this.listeners.delete(tell);
    };
  };

  private later() {
    if (this.due) return;
    this.due = true;
    setTimeout(() => {
      this.due = false;
      const old = this.stops;
      this.stops = [
        this.engine.watch("people", [...this.wanted], is => {
          this.held = is;
          this.tell();
        }),
        this.engine.watch("presence", this.looked, is => {
          this.here = is;
          this.tell();
        }),
      ];
      old.forEach(stop => stop());
    }, 20);
  }

  private tell() {
    this.version += 1;
    this.listeners.forEach(tell => tell());
  }
}

export const PeopleContext = createContext<People | null>(null);

export type Who = {
  person: (user: UserId) => Person | undefined;
  name: (user: UserId) => string;
  here: (user: UserId) => Presence | undefined;
};

/** Asks who somebody is, and draws again when more is known. */
export function useWho(): Who {
  const people = useContext(PeopleContext);
  if (!people) throw new Error("a screen outside of the app");
  const version = useSyncExternalStore(
    people.subscribe,
    useCallback(() => people.version, [people]),
  );
  // Another object when more is known, so that what is made of names is made again then and only then.
  return useMemo(
    () => ({
      person: user => people.of(user),
      name: user => people.of(user)?.name || t("somebody"),
      here: user => people.presence(user),
    }),
    [people, version],
  );
}
