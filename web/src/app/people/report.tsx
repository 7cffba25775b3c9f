/** Tells whoever runs the server that somebody should be looked at. */
import { useState } from "react";
import { Button } from "../../design/button";
import { Dialog } from "../../design/dialog";
import { Area } from "../../design/field";
import { toast } from "../../design/toast";
import type { UserId } from "../../wire/wire";
import { t } from "../../words/words";
import { useOrder } from "../order";
import { useWho } from "../people";
import { useWatch } from "../watch";

/** How many of the last messages of theirs go with it. */
const SHOWN_MAX = 5;

export default function Report(props: { user: UserId; conv: string; onClose: () => void }) {
  const who = useWho();
  const { give } = useOrder();
  const [why, setWhy] = useState("");
  const held = useWatch("timeline", { conv: props.conv, around: null, count: 80 });
  const seqs = (held?.lines ?? [])
    .filter(line => line.sender === props.user && line.kind === "text")
    .flatMap(line => line.seq ?? [])
    .slice(-SHOWN_MAX);
  return (
    <Dialog
      title={t("report.title", { name: who.name(props.user) })}
      onClose={props.onClose}
      foot={
        <>
          <Button look="quiet" onClick={props.onClose}>
            {t("cancel")}
          </Button>
          <Button
            look="danger"
            onClick={() => {
              props.onClose();
              void give("report", { user: props.user, conv: props.conv, seqs, why }).then(done => {
                if (done !== undefined) toast(t("report.done"));
              });
            }}
          >
            {t("report.send")}
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-3 p-5">
        <p className="text-muted">{t("report.hint", { count: seqs.length })}</p>
        <Area label={t("report.why")} value={why} onChange={e => setWhy(e.target.value)} maxLength={1_000} autoFocus />
      </div>
    </Dialog>
  );
}
