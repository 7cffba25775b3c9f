/** A list of people or conversations to choose from, with a field to narrow it: arrows and Enter do all of it. */
import { type KeyboardEvent, type ReactNode, useEffect, useId, useState } from "react";
import { SearchField } from "../../design/field";
import { t } from "../../words/words";

export type Choosable = { key: string; lead: ReactNode; title: string; below?: string | undefined; chosen?: boolean };

export function Choose(props: {
  label: string;
  list: readonly Choosable[];
  sought: string;
  onSeek: (text: string) => void;
  onPick: (key: string) => void;
  none?: ReactNode;
  many?: boolean;
}) {
  const [at, point] = useState(0);
  const id = useId();
  useEffect(() => point(0), [props.sought]);
  const keys = (e: KeyboardEvent) => {
    if (e.nativeEvent.isComposing) return;
    const one = props.list[at];
    if (e.key === "ArrowDown" || e.key === "ArrowUp") {
      e.preventDefault();
      const next = Math.min(Math.max(0, at + (e.key === "ArrowDown" ? 1 : -1)), props.list.length - 1);
      point(next);
      document.getElementById(`${id}-${next}`)?.scrollIntoView({ block: "nearest" });
    } else if (e.key === "Enter" && one) {
      e.preventDefault();
      props.onPick(one.key);
    }
  };
  return (
    <div className="flex min-h-0 flex-col">
      <SearchField
        autoFocus
        label={props.label}
        value={props.sought}
        onChange={e => props.onSeek(e.target.value)}
        onKeyDown={keys}
        role="combobox"
        aria-expanded="true"
        aria-controls={`${id}-list`}
        aria-autocomplete="list"
        aria-activedescendant={props.list.length > 0 ? `${id}-${at}` : undefined}
        className="m-3"
      />
      <ul
        id={`${id}-list`}
        role="listbox"
        aria-label={props.label}
        aria-multiselectable={props.many || undefined}
        className="max-h-[50dvh] min-h-40 overflow-y-auto px-2 pb-2"
      >
        {props.list.map((one, n) => (
          <li
            key={one.key}
            id={`${id}-${n}`}
            role="option"
            aria-selected={props.many ? (one.chosen ?? false) : n === at}
            onClick={() => props.onPick(one.key)}
            onPointerMove={() => point(n)}
            className={`flex min-h-12 cursor-pointer items-center gap-3 rounded-xl px-3 py-1.5 ${n === at ?
              "bg-hover" : ""}`}
          >
            {one.lead}
            <span className="min-w-0 flex-1">
              <span dir="auto" className="block cut font-medium">
                <bdi>{one.title}</bdi>
              </span>
              {one.below && (
                <span dir="auto" className="block cut text-small text-muted">
                  <bdi>{one.below}</bdi>
                </span>
              )}
            </span>
            {props.many && (
              <span
                aria-hidden="true"
                className={`size-5 rounded-full border-2
              ${one.chosen ? "border-accent bg-accent" : "border-edge"}`}
              />
            )}
          </li>
        ))}
      </ul>
      {props.list.length === 0 && (
        <div className="px-5 pb-6 text-center text-muted">{props.none ?? t("find.none")}</div>
      )}
    </div>
  );
}
