/**
 * One WebSocket: `/v1/ws`, no subprotocol. A page's cookie goes with the handshake by itself, so no script ever holds
 * the token.
 */

import { LIMITS } from "../wire/wire";
import type { Hooks, Link, Network } from "./link";

/** What may wait to be written, in bytes; a server that takes less for so long is as good as gone. */
const WRITE_WAITING_BYTES_MAX = 4 * 1024 * 1024;
/** What a browser says where no code was said: there was no close frame, or none with a code. */
const NO_CODE = [1005, 1006];

export function connectBySocket(network: Network, hooks: Hooks): Link {
  let socket: WebSocket | undefined;
  let ended = false;
  const end = (code?: number) => {
    if (ended) return;
    ended = true;
    socket?.close();
    hooks.over(code);
  };
  try {
    socket = new network.WebSocket(`${network.origin.replace(/^http/, "ws")}/v1/ws`);
  } catch {
    // A page may be forbidden to open one at all. Told later, as every other end is.
    queueMicrotask(() => end());
    return { send: () => undefined, close: () => void (ended = true) };
  }
  const here = socket;
  here.onopen = () => void (ended || hooks.connected());
  here.onmessage = ({ data }: { data: unknown }) => {
    // There are no binary messages, and none this long.
    if (ended || typeof data !== "string") return;
    if (data.length > LIMITS.server_frame_bytes_max) return end();
    const frame = parsed(data);
    if (frame !== undefined) hooks.frame(frame);
  };
  here.onclose = ({ code }: { code: number }) => end(NO_CODE.includes(code) ? undefined : code);
  // An error is followed by a close; browsers say nothing more of it to a page.
  here.onerror = () => undefined;
  return {
    send: (frame) => {
      if (ended || here.readyState !== here.OPEN) return;
      here.send(JSON.stringify(frame));
      if (here.bufferedAmount > WRITE_WAITING_BYTES_MAX) end();
    },
    close: () => {
      ended = true;
      here.close();
    },
  };
}

/** JSON, if it is any. */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
