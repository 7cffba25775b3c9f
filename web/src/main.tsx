/** Where the page begins: which engine, then the screens. */
import { mount } from "./app/mount";
import type { Engine } from "./engine/contract";

// A look at the screens without a server; neither branch is in what people get.
const pretending = import.meta.env.DEV || import.meta.env.MODE === "pretend";

async function engine(): Promise<Engine> {
  if (pretending && new URLSearchParams(location.search).has("pretend")) {
    return (await import("./app/pretend/pretend")).pretend(new URLSearchParams(location.search));
  }
  const found = import.meta.glob<{ connect: () => Engine | Promise<Engine> }>("./engine/connect.ts");
  const load = found["./engine/connect.ts"];
  if (!load) throw new Error("this build has no engine");
  return (await load()).connect();
}

void engine().then(mount);
