/** Where the page begins: which engine, then the screens. */
import { mount } from "./app/mount";
import { connect } from "./engine/connect";
import type { Engine } from "./engine/contract";

// A look at the screens without a server; what people get has neither the question nor the answer in it.
const pretending = import.meta.env.DEV || import.meta.env.MODE === "pretend";

async function engine(): Promise<Engine> {
  const asked = new URLSearchParams(location.search);
  if (pretending && asked.has("pretend")) return (await import("./app/pretend/pretend")).pretend(asked);
  return connect();
}

void engine().then(mount);
