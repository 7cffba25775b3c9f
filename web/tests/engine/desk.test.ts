import { expect, test } from "vitest";
import type { ToDesk, ToHouse } from "../../src/engine/talk";
import { openDesk, ORDERS_MAX } from "../../src/worker/desk";

function scene() {
  const house: ToHouse[] = [];
  const page: ToDesk[] = [];
  let n = 0;
  const desk = openDesk({
    desk: "d",
    toHouse: (message) => house.push(message),
    toPage: (message) => page.push(message),
    newName: () => `name ${++n}`,
  });
  return { desk, house, page };
}

test("a new house is told everything again, orders under the names they had", () => {
  const { desk, house, page } = scene();
  desk.hearTerm(1);
  desk.hearPage({ say: "watch", id: 1, view: "session", of: null });
  desk.hearPage({ say: "watch", id: 2, view: "me", of: null });
  desk.hearPage({ say: "order", id: 3, order: "hurry", ask: null });
  desk.hearPage({ say: "order", id: 4, order: "read_all", ask: null });
  desk.hearPage({ say: "unwatch", id: 2 });
  desk.hearHouse({ say: "done", id: 4, answer: null });
  house.length = 0;
  desk.hearTerm(2);
  desk.hearTerm(1);
  expect(house).toEqual([
    { say: "here", desk: "d", visible: false },
    { say: "watch", desk: "d", id: 1, view: "session", of: null },
    { say: "order", desk: "d", id: 3, order: "hurry", ask: null, send_id: "name 1" },
  ]);
  desk.hearHouse({ say: "done", id: 3, answer: "first" });
  desk.hearHouse({ say: "done", id: 3, answer: "second" });
  desk.hearHouse({ say: "is", id: 2, is: "stale" });
  expect(page).toEqual([{ say: "done", id: 4, answer: null }, { say: "done", id: 3, answer: "first" }]);
});

test("orders that wait are bounded", () => {
  const { desk, page } = scene();
  for (let id = 0; id <= ORDERS_MAX; id++) desk.hearPage({ say: "order", id, order: "hurry", ask: null });
  expect(page).toEqual([{ say: "not done", id: ORDERS_MAX, no: { no: "full" } }]);
});
