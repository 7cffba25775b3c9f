/** What the composer offers while a name or an emoji is typed. Arrows choose, Enter or Tab takes, Escape lets be. */
import { type KeyboardEvent, useEffect, useMemo, useState } from "react";
import { Avatar } from "../../design/face";
import type { UserId } from "../../wire/wire";
import { t } from "../../words/words";
import { useAnswer } from "../answer";
import { useWho } from "../people";
import type { Begun } from "./complete";

export type Offer = { put: string; words: string; sign?: string; user?: UserId; below?: string };

export type OffersHeld = {
  list: readonly Offer[];
  at: number;
  named: (name: string) => string | undefined;
  keys: (e: KeyboardEvent, take: (offer: Offer) => void) => boolean;
  point: (at: number) => void;
};

type Emojis = typeof import("./emoji");
let emojis: Emojis | null = null;

export function useOffers(conv: string, group: boolean, at: Begun | null, me: UserId | undefined): OffersHeld {
  const who = useWho();
  const [ready, loaded] = useState(emojis !== null);
  const [chosen, choose] = useState(0);
  const [shut, setShut] = useState<number | null>(null);
  const sort = at?.sort;
  const members = useAnswer("members", group && sort === "person" ? { conv } : undefined);
  useEffect(() => {
    if (sort !== "emoji" || emojis) return;
    void import("./emoji").then(is => {
      emojis = is;
      loaded(true);
    });
  }, [sort]);
  const part = at?.part ?? "";
  useEffect(() => choose(0), [sort, part]);
  const list = useMemo((): readonly Offer[] => {
    if (!at || at.from === shut) return [];
    if (at.sort === "emoji") {
      return (emojis?.like(at.part) ?? []).map(one => ({ put: one.sign, sign: one.sign, words: `:${one.names[0]}:` }));
    }
    const wanted = at.part.toLocaleLowerCase();
    return (members.is ?? [])
      .filter(one => one.user !== me)
      .map(one => ({ one, person: who.person(one.user) }))
      .filter(
        ({ person }) =>
          person &&
          (person.handle.startsWith(wanted) ||
            person.name
              .toLocaleLowerCase()
              .split(/\s+/)
              .some(word => word.startsWith(wanted)) ||
            person.name.toLocaleLowerCase().startsWith(wanted)),
      )
      .slice(0, 8)
      .map(({ one, person }) => ({
        put: `@${person?.name}`,
        words: person?.name ?? "",
        user: one.user,
        below: `@${person?.handle}`,
      }));
  }, [at?.sort, at?.from, part, members.is, who, me, shut, ready]);
  return {
    list,
    at: Math.min(chosen, Math.max(0, list.length - 1)),
    point: choose,
    named: name => emojis?.named(name),
    keys: (e, take) => {
      if (list.length === 0) return false;
      const one = list[Math.min(chosen, list.length - 1)];
      if (e.key === "ArrowDown" || e.key === "ArrowUp") {
        choose((chosen + (e.key === "ArrowDown" ? 1 : list.length - 1)) % list.length);
      } else if ((e.key === "Enter" && !e.shiftKey) || e.key === "Tab") {
        if (one) take(one);
      } else if (e.key === "Escape") setShut(at?.from ?? null);
      else return false;
      e.preventDefault();
      e.stopPropagation();
      return true;
    },
  };
}

export function Offers({ offers, take }: { offers: OffersHeld; take: (offer: Offer) => void }) {
  return (
    <ul
      id="offers"
      role="listbox"
      aria-label={t("offers")}
      hidden={offers.list.length === 0}
      className="rise absolute inset-x-2 bottom-full z-20 mb-2 max-h-72 max-w-md overflow-y-auto rounded-2xl border
        border-line bg-raised p-1.5 shadow-float wide:inset-x-4"
    >
      {offers.list.map((offer, n) => (
        <li
          key={offer.put + offer.words}
          id={`offer-${n}`}
          role="option"
          aria-selected={n === offers.at}
          onPointerEnter={() => offers.point(n)}
          onPointerDown={e => {
            e.preventDefault();
            take(offer);
          }}
          className="flex min-h-10 cursor-pointer items-center gap-3 rounded-xl px-3 py-1 aria-selected:bg-hover"
        >
          {offer.user ? (
            <Avatar id={offer.user} name={offer.words} size="small" />
          ) : (
            <span className="w-8 text-center text-[1.375rem]">{offer.sign}</span>
          )}
          <bdi className="truncate">{offer.words}</bdi>
          {offer.below && <bdi className="truncate text-small text-muted">{offer.below}</bdi>}
        </li>
      ))}
    </ul>
  );
}
