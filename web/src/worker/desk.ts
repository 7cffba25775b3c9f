/**
 * A tab's desk: what the tab watches and has ordered, said to whatever house there is. When a new house opens, all of it
 * is said again; orders keep the name that they got here, so that one which the old house did carry out is not done
 * twice.
 */

import type { OrderName, ViewName } from "../engine/contract";
import type { DeskId, ToDesk, ToHouse, ToWorker } from "../engine/talk";

/** Orders of one tab that wait for their answer, at most; one more is refused. */
export const ORDERS_MAX = 256;

type Ordered = { order: OrderName; ask: unknown; send_id: string };

export type Desk = {
  /** The page said something. */
  hearPage(message: ToWorker): void;
  /** The house said something to this desk. */
  hearHouse(message: ToDesk): void;
  /** There is a house of this term. */
  hearTerm(term: number): void;
  /** The tab is on the screen. */
  readonly visible: boolean;
};

/** What a desk needs of the world. */
export type DeskParts = {
  desk: DeskId;
  toHouse(message: ToHouse): void;
  toPage(message: ToDesk): void;
  newName(): string;
};

export function openDesk({ desk, toHouse, toPage, newName }: DeskParts): Desk {
  const watches = new Map<number, { view: ViewName; of: unknown }>();
  const orders = new Map<number, Ordered>();
  let visible = false;
  let term = 0;

  const sayAgain = () => {
    toHouse({ say: "here", desk, visible });
    for (const [id, watch] of watches) toHouse({ say: "watch", desk, id, ...watch });
    for (const [id, ordered] of orders) toHouse({ say: "order", desk, id, ...ordered });
  };

  return {
    get visible() {
      return visible;
    },
    hearPage(message) {
      switch (message.say) {
        case "visible":
          visible = message.visible;
          toHouse({ say: "here", desk, visible });
          break;
        case "watch":
          watches.set(message.id, { view: message.view, of: message.of });
          toHouse({ ...message, desk });
          break;
        case "unwatch":
          watches.delete(message.id);
          toHouse({ ...message, desk });
          break;
        case "order": {
          if (orders.size >= ORDERS_MAX) {
            toPage({ say: "not done", id: message.id, no: { no: "full" } });
            break;
          }
          const ordered = { order: message.order, ask: message.ask, send_id: newName() };
          orders.set(message.id, ordered);
          toHouse({ say: "order", desk, id: message.id, ...ordered });
          break;
        }
      }
    },
    hearHouse(message) {
      if (message.say !== "is") {
        // The answer of two houses to one order: the first counts.
        if (!orders.delete(message.id)) return;
      } else if (!watches.has(message.id)) return;
      toPage(message);
    },
    hearTerm(heard) {
      if (heard <= term) return;
      term = heard;
      sayAgain();
    },
  };
}
