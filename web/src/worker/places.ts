/**
 * The small things that this browser keeps besides what an account holds: whose device it is. In IndexedDB, because a
 * worker has no other place.
 */

import { openDB } from "idb";
import type { Account } from "./accounts";

const NAME = "tidings";

export type Places = {
  account(): Promise<Account | undefined>;
  remember(account: Account | undefined): Promise<void>;
};

/** Opens them; in a browser that keeps nothing, they last as long as this worker. */
export async function openPlaces(): Promise<Places> {
  try {
    const database = await openDB(NAME, 1, { upgrade: (made) => void made.createObjectStore("one") });
    return {
      account: () => database.get("one", "account"),
      remember: async (account) => {
        if (account) await database.put("one", account, "account");
        else await database.delete("one", "account");
      },
    };
  } catch {
    let here: Account | undefined;
    return {
      account: async () => here,
      remember: async (account) => {
        here = account;
      },
    };
  }
}
