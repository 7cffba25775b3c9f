/**
 * Who is signed in in this browser: sign-up, sign-in and sign-out by the server's doors. The token stays in a cookie that
 * no script reads; here is only whose it is.
 */

import type { No } from "../engine/contract";
import type { Devices, Refusal, SignedIn } from "../wire/wire";

/** Whose device this browser is. */
export type Account = { user: string; device: string; handle: string };

export type Doors = {
  signUp(ask: { handle: string; name: string; password: string; invite?: string }): Promise<Account>;
  signIn(ask: { handle: string; password: string }): Promise<Account>;
  signOut(): Promise<void>;
  devices(): Promise<Devices>;
  signOutOthers(): Promise<void>;
  signOutDevice(device: string): Promise<void>;
};

/** What a device is called in the list: the browser and the system, as far as they say. */
export function deviceName(agent: string): string {
  const browsers: [RegExp, string][] = [
    [/Firefox\//, "Firefox"], [/Edg\//, "Edge"], [/OPR\//, "Opera"], [/Chrom(e|ium)\//, "Chrome"], [/Safari\//, "Safari"],
  ];
  const systems: [RegExp, string][] = [
    [/Android/, "Android"], [/iPhone|iPad/, "iOS"], [/Windows/, "Windows"], [/Mac OS X/, "macOS"], [/Linux/, "Linux"],
  ];
  const named = (list: [RegExp, string][]) => list.find(([sign]) => sign.test(agent))?.[1];
  return [named(browsers) ?? "Browser", named(systems)].filter((word) => word !== undefined).join(" · ");
}

/** The server's doors, by this `fetch`. */
export function doors(fetch: typeof globalThis.fetch, agent: string): Doors {
  const call = async <T>(method: string, path: string, body?: object): Promise<T> => {
    let answer: Response;
    try {
      answer = await fetch(path, {
        method,
        credentials: "same-origin",
        ...(body && { headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
      });
    } catch {
      throw { no: "offline" } satisfies No;
    }
    const said: unknown = await answer.json().catch(() => ({}));
    if (answer.ok) return said as T;
    throw { no: "refused", refusal: said as Refusal } satisfies No;
  };
  const device_name = deviceName(agent);
  const enter = async (path: string, ask: object): Promise<Account> => {
    const { user, device, handle } = await call<SignedIn>("POST", path, { ...ask, device_name, cookie: true });
    return { user, device, handle };
  };
  return {
    signUp: (ask) => enter("/v1/accounts", ask),
    signIn: (ask) => enter("/v1/sessions", ask),
    signOut: () => call("DELETE", "/v1/session"),
    devices: () => call("GET", "/v1/devices"),
    signOutOthers: () => call("POST", "/v1/devices/sign-out-others"),
    signOutDevice: (device) => call("DELETE", `/v1/devices/${encodeURIComponent(device)}`),
  };
}
