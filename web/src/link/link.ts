/**
 * web/src/link: one connection at a time to a server: frames in, frames out. By a socket, or, where sockets fail and
 * requests work, by polling (docs/PROTOCOL.md, "By polling"). It decides nothing else: when to connect, when to give up
 * and what to say is the core's to know.
 */

import type { Said } from "../sync/core/core";
import type { Clock } from "../sync/clock";
import type { Epoch, Ver } from "../wire/wire";
import { connectByPoll } from "./poll";
import { connectBySocket } from "./socket";

/** What a link tells. After `over` it tells nothing more. */
export type Hooks = {
  connected(): void;
  /** A frame as it came; nobody has looked at its shape. */
  frame(frame: unknown): void;
  /** It ended, or did not come about; with the close code, if one was said. */
  over(code?: number): void;
};

/** One connection. */
export type Link = {
  /** Puts a frame on its way. What cannot be sent any more ends the link. */
  send(frame: Said): void;
  /** Ends it; nothing more is told. */
  close(): void;
};

/** What the network is made of; tests hand in their own. */
export type Network = {
  /** The server's address with scheme and without a path: "https://chat.example". */
  origin: string;
  fetch: typeof fetch;
  WebSocket: new (url: string) => WebSocket;
  clock: Clock;
};

/** Where the device stands: a poll asks from there. */
export type Stand = () => { epoch?: Epoch; ver?: Ver };

/** Sockets that fail in a row before the next try is by polling. */
export const SOCKETS_FAILED_MAX = 3;
/** How long a device polls before it looks whether a socket works again, in milliseconds. */
export const SOCKET_AGAIN_MS = 60_000;

/** How a device connects: the next try by the way that is likely to work. */
export type Door = {
  connect(hooks: Hooks): Link;
  /** By which way the present or last connection went. */
  way(): "socket" | "poll";
};

export function newDoor(network: Network, stand: Stand): Door {
  /** Sockets in a row that ended before they told anything. */
  let failed = 0;
  let way: "socket" | "poll" = "socket";

  function connect(hooks: Hooks): Link {
    const by = failed >= SOCKETS_FAILED_MAX ? "poll" : "socket";
    way = by;
    let told = false;
    let ended = false;
    let stopLooking: () => void = () => undefined;

    /** Notes what the end of a connection says about its way. False: it had ended before. */
    function end(code?: number): boolean {
      if (ended) return false;
      ended = true;
      stopLooking();
      // A close with a code of ours is the server's own word: sockets work. So does one that told something.
      const works = told || (code !== undefined && code >= 4000 && code < 5000);
      if (by === "socket") failed = works ? 0 : failed + 1;
      // Polls fail too: the network is away, and it is not sockets that are barred. They have the next turn.
      else if (!works) failed = SOCKETS_FAILED_MAX - 1;
      return true;
    }

    const watched: Hooks = {
      connected: () => void (ended || hooks.connected()),
      frame: (frame) => {
        if (ended) return;
        told = true;
        hooks.frame(frame);
      },
      over: (code) => void (end(code) && hooks.over(code)),
    };
    const link = by === "socket" ? connectBySocket(network, watched) : connectByPoll(network, stand, watched);
    if (by === "poll") {
      stopLooking = whenSocketsWork(network, () => {
        if (!end()) return;
        failed = 0;
        link.close();
        hooks.over();
      });
    }
    return {
      send: (frame) => void (ended || link.send(frame)),
      close: () => {
        end();
        link.close();
      },
    };
  }

  return { connect, way: () => way };
}

/** Tries a socket now and then, and calls once one opens. Returns how to stop. */
function whenSocketsWork(network: Network, then: () => void): () => void {
  let stop: () => void;
  const wait = () => {
    stop = network.clock.after(SOCKET_AGAIN_MS, () => {
      let open = false;
      const link = connectBySocket(network, {
        connected: () => {
          open = true;
          link.close();
          then();
        },
        frame: () => undefined,
        over: () => void (open || wait()),
      });
      stop = link.close;
    });
  };
  wait();
  return () => stop();
}
