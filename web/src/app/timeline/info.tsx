/** Who received and who read a message of mine, and when. */
import { Dialog } from "../../design/dialog";
import { Avatar, ListRow, Skeleton } from "../../design/face";
import { TickSign } from "../../design/icons";
import type { Line } from "../../engine/contract";
import type { ReceiptOf } from "../../wire/wire";
import { t } from "../../words/words";
import { whole } from "../../words/when";
import { useAnswer } from "../answer";
import { No } from "../no";
import { useWho } from "../people";
import { brieflySaid } from "../said";

export default function Info({ conv, line, onClose }: { conv: string; line: Line; onClose: () => void }) {
  const who = useWho();
  const { is, no } = useAnswer("receipts", line.seq === undefined ? undefined : { conv, seq: line.seq });
  const groups =
    is &&
    ([
      ["read", t("info.read"), is.filter(one => one.read), (one: ReceiptOf) => one.read_ms],
      [
        "delivered",
        t("info.delivered"),
        is.filter(one => one.delivered && !one.read),
        (one: ReceiptOf) => one.delivered_ms,
      ],
      ["sent", t("info.neither"), is.filter(one => !one.delivered && !one.read), () => undefined],
    ] as const);
  return (
    <Dialog title={t("info")} onClose={onClose}>
      <p className="m-4 line-clamp-4 rounded-xl border border-mine-edge bg-mine px-3 py-2" dir="auto">
        {brieflySaid(line, who, line.sender)}
      </p>
      {no !== undefined && <No no={no} />}
      {!groups && no === undefined && <Skeleton rows={3} />}
      {groups?.map(
        ([ticks, words, list, when]) =>
          list.length > 0 && (
            <section key={ticks} className="px-2 pb-3">
              <h3 className="flex items-center gap-2 px-3 py-1 text-small text-muted">
                <TickSign ticks={ticks} />
                {words} ({list.length})
              </h3>
              <ul>
                {list.map(one => {
                  const ms = when(one);
                  return (
                    <li key={one.user}>
                      <ListRow
                        lead={<Avatar id={one.user} name={who.name(one.user)} size="small" />}
                        title={<bdi>{who.name(one.user)}</bdi>}
                        below={ms ? whole(ms) : undefined}
                      />
                    </li>
                  );
                })}
              </ul>
            </section>
          ),
      )}
    </Dialog>
  );
}
