/** What an edited message said before. */
import { Dialog } from "../../design/dialog";
import { Skeleton } from "../../design/face";
import type { Line } from "../../engine/contract";
import type { Body, UserId } from "../../wire/wire";
import { t } from "../../words/words";
import { whole } from "../../words/when";
import { useAnswer } from "../answer";
import { Said } from "../markup-view";
import { No } from "../no";

const nobody = () => {};

export default function History(props: { conv: string; line: Line; me: UserId | undefined; onClose: () => void }) {
  const { is, no } = useAnswer(
    "history",
    props.line.seq === undefined ? undefined : { conv: props.conv, seq: props.line.seq },
  );
  return (
    <Dialog title={t("history")} onClose={props.onClose}>
      {no !== undefined && <No no={no} />}
      {!is && no === undefined && <Skeleton rows={2} />}
      <ol className="flex flex-col gap-3 p-4">
        {is?.list.map((one, n) => (
          <li key={n} className="rounded-xl border border-line px-3 py-2">
            <p className="text-tiny text-muted">
              {n === 0 ? t("history.now") : ""} <time>{whole(one.at_ms)}</time>
            </p>
            <Said body={one.body as Body} me={props.me} onPerson={nobody} />
          </li>
        ))}
      </ol>
    </Dialog>
  );
}
