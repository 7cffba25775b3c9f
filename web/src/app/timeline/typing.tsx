/** Who types, in a place that is always there, so that nothing moves when they begin and end. */
import { t } from "../../words/words";
import { together } from "../../words/when";
import { useWho } from "../people";
import { useWatch } from "../watch";

export function TypingRow({ conv, group }: { conv: string; group: boolean }) {
  const who = useWho();
  const typing = useWatch("typing", conv) ?? [];
  const names = typing.slice(0, 3).map(user => who.name(user));
  return (
    <div className="h-6 px-10 text-small text-muted phone:px-2">
      {typing.length > 0 && (
        <span className="appear flex items-center gap-2">
          <span aria-hidden="true" className="flex gap-0.5">
            {[0, 1, 2].map(n => (
              <span key={n} className="typing-dot size-1.5 rounded-full bg-muted" />
            ))}
          </span>
          <bdi className="truncate">
            {!group
              ? t("typing.here")
              : typing.length > 3
                ? t("typing.many", { count: typing.length })
                : t("typing.names", { names: together(names), count: typing.length })}
          </bdi>
        </span>
      )}
    </div>
  );
}
