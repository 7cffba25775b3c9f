/** Somebody's personal link: `/u/#handle`. */
import { Dialog } from "../../design/dialog";
import { Skeleton } from "../../design/face";
import type { UserId } from "../../wire/wire";
import { t } from "../../words/words";
import { useAnswer } from "../answer";
import { go, to } from "../route";
import Profile from "./profile";

export default function Personal({ handle, me }: { handle: string; me: UserId | undefined }) {
  const { is, no } = useAnswer("find", { text: `@${handle}` });
  const leave = () => {
    if (location.hash.startsWith("#/u/")) go(to.home, { replace: true });
  };
  const person = is?.find(one => one.handle === handle) ?? is?.[0];
  if (person) return <Profile user={person.user} me={me} onClose={leave} />;
  return (
    <Dialog title={`@${handle}`} onClose={leave}>
      {is || no !== undefined ? <p className="p-6 text-center text-muted">{t("find.none")}</p> : <Skeleton rows={2} />}
    </Dialog>
  );
}
