/** To the first message of a day. */
import { useState } from "react";
import { Button } from "../../design/button";
import { Dialog } from "../../design/dialog";
import { Field } from "../../design/field";
import { toast } from "../../design/toast";
import { t } from "../../words/words";
import { useOrder } from "../order";
import { go, to } from "../route";

const today = () => new Date(Date.now() - new Date().getTimezoneOffset() * 60_000).toISOString().slice(0, 10);

export default function ToDate({ conv, onClose }: { conv: string; onClose: () => void }) {
  const { give } = useOrder();
  const [date, setDate] = useState(today);
  const leap = async () => {
    // Midnight of the reader's own clock.
    const day_ms = new Date(`${date}T00:00:00`).getTime();
    if (Number.isNaN(day_ms)) return;
    const seq = await give("seq_of_day", { conv, day_ms });
    if (seq === undefined) return;
    if (seq === null) {
      toast(t("date.none"));
      return;
    }
    onClose();
    go(to.conversation(conv, seq), { replace: true });
  };
  return (
    <Dialog
      title={t("date.to")}
      onClose={onClose}
      foot={
        <Button look="main" disabled={!date} onClick={() => void leap()}>
          {t("date.go")}
        </Button>
      }
    >
      <form
        className="p-5"
        onSubmit={e => {
          e.preventDefault();
          void leap();
        }}
      >
        <Field
          label={t("date.day")}
          type="date"
          value={date}
          max={today()}
          onChange={e => setDate(e.target.value)}
          autoFocus
        />
      </form>
    </Dialog>
  );
}
