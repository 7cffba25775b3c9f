/** All emojis: by group, by name, and those used lately. */
import { type KeyboardEvent, useLayoutEffect, useRef, useState } from "react";
import { SearchField } from "../../design/field";
import { t, type Word } from "../../words/words";
import { type Emoji, type Group, groups, like } from "../composer/emoji";

const NAME = "tidings.emoji";

function lately(): string[] {
  try {
    return (JSON.parse(localStorage.getItem(NAME) ?? "[]") as string[]).slice(0, 16);
  } catch {
    return [];
  }
}

const words: { [group in Group]: Word } = {
  faces: "emoji.faces",
  people: "emoji.people",
  nature: "emoji.nature",
  food: "emoji.food",
  things: "emoji.things",
  signs: "emoji.signs",
};

export default function Picker(props: { at: Element; pick: (emoji: string) => void; onClose: () => void }) {
  const box = useRef<HTMLDivElement>(null);
  const [sought, seek] = useState("");
  const [recent] = useState(lately);
  useLayoutEffect(() => {
    const is = box.current;
    if (!is) return;
    is.showPopover();
    if (matchMedia("(width < 45rem)").matches) return;
    const spot = props.at.getBoundingClientRect();
    const { width, height } = is.getBoundingClientRect();
    const left = Math.min(Math.max(8, spot.left + spot.width / 2 - width / 2), innerWidth - width - 8);
    const above = spot.top - height - 6;
    Object.assign(is.style, {
      left: `${left}px`,
      top: `${above > 8 ? above : Math.min(spot.bottom + 6, innerHeight - height - 8)}px`,
    });
    is.querySelector("input")?.focus();
  }, [props.at]);
  const take = (sign: string) => {
    try {
      localStorage.setItem(NAME, JSON.stringify([sign, ...lately().filter(one => one !== sign)].slice(0, 16)));
    } catch {
      /* Then they are not remembered. */
    }
    box.current?.hidePopover();
    props.pick(sign);
  };
  const arrows = (e: KeyboardEvent) => {
    const all = [...(box.current?.querySelectorAll<HTMLElement>("[data-emoji]") ?? [])];
    const at = all.indexOf(document.activeElement as HTMLElement);
    const by = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: 8, ArrowUp: -8 }[e.key];
    if (e.key === "Enter" && at < 0) {
      all[0]?.click();
      e.preventDefault();
    }
    if (by === undefined || (at < 0 && by !== 8)) return;
    e.preventDefault();
    const to = at < 0 ? 0 : at + by;
    if (to < 0) box.current?.querySelector("input")?.focus();
    else all[Math.min(to, all.length - 1)]?.focus();
  };
  const grid = (emojis: readonly Emoji[]) => (
    <div className="grid grid-cols-8 gap-0.5">
      {emojis.map(({ sign, names }) => (
        <button
          key={sign}
          type="button"
          data-emoji
          aria-label={names[0]?.replaceAll("_", " ")}
          tabIndex={-1}
          onClick={() => take(sign)}
          className="flex aspect-square items-center justify-center rounded-lg text-[1.375rem]
            hover:bg-hover focus-visible:bg-hover"
        >
          {sign}
        </button>
      ))}
    </div>
  );
  return (
    <div
      ref={box}
      popover="auto"
      role="dialog"
      aria-label={t("emoji")}
      onKeyDown={e => {
        e.stopPropagation();
        arrows(e);
      }}
      onToggle={e => {
        if (e.newState === "closed") props.onClose();
      }}
      className="m-0 h-96 w-88 max-w-full flex-col rounded-2xl border border-line bg-raised text-text shadow-float
        open:flex
        wide:fixed wide:rise phone:inset-x-0 phone:top-auto phone:bottom-0 phone:w-full phone:rounded-b-none phone:sheet
        phone:pb-[env(safe-area-inset-bottom)] phone:backdrop:bg-veil"
    >
      <SearchField label={t("emoji.search")} value={sought} onChange={e => seek(e.target.value)} className="m-2" />
      <div className="min-h-0 flex-1 overflow-y-auto px-2 pb-2">
        {sought ? (
          grid(like(sought, 64))
        ) : (
          <>
            {recent.length > 0 && (
              <>
                <h2 className="px-1 py-1.5 text-tiny text-muted">{t("emoji.recent")}</h2>
                {grid(recent.map(sign => ({ sign, names: [sign] })))}
              </>
            )}
            {groups.map(([group, emojis]) => (
              <section key={group}>
                <h2 className="px-1 py-1.5 text-tiny text-muted">{t(words[group])}</h2>
                {grid(emojis)}
              </section>
            ))}
          </>
        )}
      </div>
    </div>
  );
}
