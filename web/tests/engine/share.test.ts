import fc from "fast-check";
import { expect, test } from "vitest";
import { share } from "../../src/engine/share";

test("what did not change keeps its identity", () => {
  const last = { lines: [{ send_id: "a", n: 1 }, { send_id: "b", n: 2 }], before: false };
  const next = structuredClone(last);
  expect(share(last, next)).toBe(last);
  const grown = { ...structuredClone(last), lines: [{ send_id: "z", n: 0 }, ...structuredClone(last.lines)] };
  const shared = share(last, grown);
  expect(shared).toEqual(grown);
  expect(shared.lines[1]).toBe(last.lines[0]);
  expect(shared.lines[2]).toBe(last.lines[1]);
  const changed = structuredClone(last);
  changed.lines[1]!.n = 3;
  const after = share(last, changed);
  expect(after.lines[0]).toBe(last.lines[0]);
  expect(after.lines[1]).toEqual({ send_id: "b", n: 3 });
});

test("a field of any name is a field", () => {
  const next = JSON.parse('{"__proto__": {"admin": true}, "constructor": 1}') as object;
  const shared = share<object>({}, next);
  expect(Object.keys(shared)).toEqual(["__proto__", "constructor"]);
  expect("admin" in shared).toBe(false);
});

test("a shared value always equals the new one", () => {
  const value = fc.jsonValue({ maxDepth: 4 });
  fc.assert(fc.property(value, value, (last, next) => {
    expect(share(last, next)).toEqual(next);
  }));
  fc.assert(fc.property(value, (last) => {
    expect(share(last, structuredClone(last))).toBe(last);
  }));
});
