/**
 * A tab's worker: its desk, and the house if it leads. Puts the real browser under both: channels, locks, time, network,
 * disk.
 */

import { BEAT_CHANNEL, deskChannel, HOUSE_BEAT_MS, HOUSE_CHANNEL } from "../engine/talk";
import type { FromHouse, ToDesk, ToHouse, ToWorker } from "../engine/talk";
import { deleteKeep, openKeep } from "../keep/indexed";
import { KeepFailure, memoryKeep } from "../keep/keep";
import type { Keep } from "../keep/keep";
import type { Session } from "../engine/contract";
import { PAGE_BOUNDS } from "../sync/bounds";
import { browserChance } from "../sync/chance";
import { browserClock } from "../sync/clock";
import { uuidV7 } from "../sync/derived";
import { startDriver } from "../sync/driver";
import type { Event } from "../sync/event";
import { doors } from "./accounts";
import type { Account } from "./accounts";
import { openDesk } from "./desk";
import { openHouse } from "./house";
import type { Running } from "./house";
import { lead } from "./lead";
import { openPlaces } from "./places";

const clock = browserClock();
const chance = browserChance();
const newName = () => uuidV7(clock.nowMs(), chance);
const desk = newName();
let storage: Session["storage"] = "memory only";

/** Opens the place of an account; where there is none, what is said lives as long as the tab, and the screen says so. */
async function place(account: Account, gone: (failure: KeepFailure) => void): Promise<Keep> {
  try {
    const keep = await openKeep(account.user, gone);
    const asked = await navigator.storage?.persist?.().catch(() => false);
    storage = asked ? "durable" : "may be cleared";
    return keep;
  } catch (error) {
    if (!(error instanceof KeepFailure) || error.fault !== "unavailable") throw error;
    storage = "memory only";
    return memoryKeep();
  }
}

async function run(account: Account, heard: (event: Event) => void): Promise<Running> {
  const broke = (failure: KeepFailure) => {
    if (failure.fault === "full") storage = "full";
    heard({ event: "stopped", duty: "stop" });
  };
  const keep = await place(account, broke);
  const driver = await startDriver({
    options: { me: account.user, client: `web/${import.meta.env.VITE_VERSION ?? "0"}`, chance },
    bounds: PAGE_BOUNDS,
    keep,
    network: { origin: location.origin, fetch: fetch.bind(globalThis), WebSocket, clock },
    tell: (event) => (event.event === "broken" ? broke(event.failure) : heard(event)),
  });
  return {
    core: driver.core,
    command: async (command) => {
      const reply = await driver.do(command);
      return reply.reply === "no" && reply.no.no === "ended" ? { reply: "no", no: { no: "stopped" } } : reply as never;
    },
    stop: async () => {
      await driver.end();
      keep.close();
    },
  };
}

const toHouse = new BroadcastChannel(HOUSE_CHANNEL);
const fromHouse = new BroadcastChannel(BEAT_CHANNEL);
const toMe = new BroadcastChannel(deskChannel(desk));

const mine = openDesk({
  desk,
  toHouse: (message) => toHouse.postMessage(message),
  toPage: (message) => postMessage(message),
  newName,
});

const leading = lead({
  locks: navigator.locks,
  now_ms: clock.nowMs,
  every: (ms, what) => void setInterval(what, ms),
  visible: () => mine.visible,
  async open() {
    const hears = new BroadcastChannel(HOUSE_CHANNEL);
    const beats = new BroadcastChannel(BEAT_CHANNEL);
    const desks = new Map<string, BroadcastChannel>();
    const tell = (to: string, message: ToDesk) => {
      let channel = desks.get(to);
      if (!channel) {
        channel = new BroadcastChannel(deskChannel(to));
        desks.set(to, channel);
      }
      channel.postMessage(message);
    };
    const places = await openPlaces();
    const term = clock.nowMs();
    const house = await openHouse({
      now_ms: clock.nowMs,
      doors: doors(fetch.bind(globalThis), navigator.userAgent),
      tell,
      soon: (what) => void setTimeout(what, 0),
      after: clock.after,
      account: places.account,
      remember: places.remember,
      run,
      forget: (account) => deleteKeep(account.user),
      storage: () => storage,
      newName,
    });
    const known = new Set<string>();
    hears.addEventListener("message", ({ data }: MessageEvent<ToHouse>) => {
      house.hear(data);
      if (known.has(data.desk)) return;
      known.add(data.desk);
      // A desk holds a lock of its own for as long as it lives: who gets it learns that the tab has gone.
      void navigator.locks.request(deskChannel(data.desk), () => {
        house.hear({ say: "gone", desk: data.desk });
        known.delete(data.desk);
        desks.get(data.desk)?.close();
        desks.delete(data.desk);
      });
    });
    const beat = () => beats.postMessage({ say: "beat", term } satisfies FromHouse);
    beat();
    const beating = setInterval(beat, HOUSE_BEAT_MS);
    return {
      async stop() {
        clearInterval(beating);
        hears.close();
        beats.close();
        await house.stop();
        for (const channel of desks.values()) channel.close();
      },
    };
  },
});

void navigator.locks.request(deskChannel(desk), () => new Promise(() => undefined));
addEventListener("message", (event: MessageEvent<ToWorker>) => mine.hearPage(event.data));
toMe.addEventListener("message", (event: MessageEvent<ToDesk>) => mine.hearHouse(event.data));
fromHouse.addEventListener("message", (event: MessageEvent<FromHouse>) => {
  leading.heard();
  mine.hearTerm(event.data.term);
});
