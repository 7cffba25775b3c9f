/** From an engine to a page: the one function that begins it all. */
import { createRoot } from "react-dom/client";
import "../design/tokens.css";
import type { Engine } from "../engine/contract";
import { speak } from "../words/words";
import { applyLook, lookNow } from "./look";
import { People, PeopleContext } from "./people";
import { adopt } from "./route";
import { Shell } from "./shell";
import { EngineContext } from "./watch";

export async function mount(engine: Engine): Promise<void> {
  adopt();
  applyLook();
  // Without the language there is still the page, in English.
  await speak(lookNow().language).catch(() => {});
  const root = document.getElementById("root");
  if (!root) throw new Error("the page has no root");
  createRoot(root).render(
    <EngineContext value={engine}>
      <PeopleContext value={new People(engine)}>
        <Shell />
      </PeopleContext>
    </EngineContext>,
  );
}
