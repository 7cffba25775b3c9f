/** What screens work out before they draw: rules that can be told without a page. */
import { describe, expect, it, vi } from "vitest";
import type { Line, Row } from "../../src/engine/contract";

vi.stubGlobal("localStorage", { getItem: () => null, setItem: () => {} });
vi.stubGlobal("navigator", { languages: ["en"], userAgent: "" });
vi.stubGlobal("matchMedia", () => ({ matches: false, addEventListener: () => {} }));

const { begun, closed, mentionsIn } = await import("../../src/app/composer/complete");
const { named, like } = await import("../../src/app/composer/emoji");
const { drawn, further, steps } = await import("../../src/app/timeline/rows");
const { parse } = await import("../../src/app/route");
const { tells } = await import("../../src/app/notify");
const { passes } = await import("../../src/app/list/list");
const { qr } = await import("../../src/app/details/qr");
const { colourOf, initialsOf } = await import("../../src/design/face");

const line = (seq: number, more: Partial<Line> = {}): Line => ({
  seq,
  send_id: `s${seq}`,
  sender: "ann",
  at_ms: 1_000 * seq,
  kind: "text",
  body: { text: "x" },
  edited: false,
  pinned: false,
  reactions: [],
  star: false,
  ticks: "none",
  ...more,
});
const lines = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, n) => line(from + n));

/**
 * Follows the steps as the timeline does; answers the changes of each: how many came or went at the start, at the
 * end.
 */
function follow(shown: readonly Line[], wanted: readonly Line[]): { start: number; end: number; shift: boolean }[] {
  const changes: { start: number; end: number; shift: boolean }[] = [];
  for (let turn = 0; turn < 4; turn += 1) {
    const step = steps(shown, wanted);
    if (step.is === "anew") throw new Error("anew");
    const same = step.end && step.end.length === shown.length && step.end.every((one, n) => one === shown[n]);
    const next = step.end && !same ? step.end : wanted;
    const at = next.findIndex(one => one.send_id === shown[0]?.send_id);
    const gone = shown.findIndex(one => one.send_id === next[0]?.send_id);
    const start = at >= 0 ? at : -gone;
    changes.push({ start, end: next.length - shown.length - start, shift: next === wanted && step.start });
    shown = next;
    if (next === wanted) return changes;
  }
  throw new Error("no end");
}

describe("a timeline that moves on", () => {
  it.each([
    ["older ones come", lines(50, 100), lines(10, 100)],
    ["newer ones come", lines(50, 100), lines(50, 140)],
    ["the window moves back", lines(50, 100), lines(10, 70)],
    ["the window moves on", lines(50, 100), lines(80, 140)],
    ["the oldest go", lines(50, 100), lines(80, 100)],
  ])("changes one end at a time: %s", (_, shown, wanted) => {
    for (const { start, end, shift } of follow(shown, wanted)) {
      // The list keeps its place from its end when told to shift, else from its start.
      if (shift) expect(end).toBe(0);
      else expect(start).toBe(0);
    }
  });

  it("begins anew where nothing is the same", () => {
    expect(steps(lines(1, 50), lines(500, 600)).is).toBe("anew");
  });

  it("keeps a line's name when it gets its place", () => {
    const before = drawn([line(1), { ...line(2, { ticks: "queued", sender: "me" }), seq: undefined }], undefined);
    const after = drawn([line(1), line(2, { ticks: "sent", sender: "me" })], undefined);
    expect(after.map(one => one.key)).toEqual(before.map(one => one.key));
  });

  it("asks for more at the end first, and then about what is seen", () => {
    const held = { conv: "c", lines: lines(500, 980), before: true, after: false, loading: false };
    expect(further({ around: null, count: 80 }, held, true)).toEqual({ around: null, count: 200 });
    expect(further({ around: null, count: 480 }, held, true).around).toBe(500);
    expect(further({ around: 700, count: 240 }, { ...held, after: true }, false).around).toBe(980);
  });

  it("draws the unread line once, before the first one of others", () => {
    const rows = drawn([line(1), line(2, { ticks: "sent" }), line(3), line(4)], 2);
    expect(rows.filter(one => one.unread).map(one => one.line.seq)).toEqual([3]);
  });

  it("keeps together what one person says in one breath", () => {
    const rows = drawn(
      [line(1), line(2), line(3, { sender: "ben" }), line(4, { at_ms: 900_000, sender: "ben" })],
      undefined,
    );
    expect(rows.map(one => one.goesOn)).toEqual([false, true, false, false]);
  });
});

describe("writing", () => {
  it("sees what is begun", () => {
    expect(begun("hi :smi", 7)).toEqual({ sort: "emoji", part: "smi", from: 3 });
    expect(begun("a@b", 3)).toBeNull();
    expect(begun("(@án", 4)).toEqual({ sort: "person", part: "án", from: 1 });
    expect(begun("at 10:30", 8)).toBeNull();
    expect(closed("ok :tada:", 9)).toEqual({ name: "tada", from: 3 });
  });

  it("names people by the bytes where they stand, the longest name first", () => {
    const picked = new Map([
      ["@Ann", "u1"],
      ["@Ann Berg", "u2"],
    ]);
    expect(mentionsIn("é @Ann Berg, @Ann, @Anna", picked, 64)).toEqual([
      { user: "u2", start: 3, len: 9 },
      { user: "u1", start: 14, len: 4 },
    ]);
  });

  it("knows emojis by name", () => {
    expect(named("TADA")).toBe("🎉");
    expect(like("+1")[0]?.sign).toBe("👍");
  });
});

describe("the list", () => {
  const row = (more: Partial<Row> = {}): Row => ({
    conv: "c",
    kind: "group",
    title: "T",
    unread: 1,
    mentions: 0,
    prefs: {},
    muted: false,
    at_ms: 2,
    last: line(9),
    ...more,
  });
  const before = { unread: 0, mentions: 0, at_ms: 1 };

  it("shows a stranger's first words, and keeps ignored ones and the archive out of the way", () => {
    expect(passes(row(), "all")).toBe(true);
    expect(passes(row({ request: "open" }), "all")).toBe(true);
    expect(passes(row({ request: "ignored" }), "all")).toBe(false);
    expect(passes(row({ prefs: { archived: true } }), "unread")).toBe(false);
    expect(passes(row({ prefs: { archived: true } }), "archived")).toBe(true);
  });

  it("rings for what is new, from others, and not muted", () => {
    expect(tells(before, row(), "me")).toBe(true);
    expect(tells(before, row(), "ann")).toBe(false);
    expect(tells({ ...before, at_ms: 2 }, row(), "me")).toBe(false);
    expect(tells(before, row({ muted: true }), "me")).toBe(false);
    expect(tells(before, row({ muted: true, mentions: 1, prefs: { mentions_pass: true } }), "me")).toBe(true);
    expect(tells(before, row({ request: "ignored" }), "me")).toBe(false);
  });
});

it("an address leads to a place, and a strange one home", () => {
  expect(parse("#/c/abc/at/12")).toEqual({ at: "conversation", conv: "abc", around: 12, details: null });
  expect(parse("#/c/abc/details/pins")).toMatchObject({ details: "pins" });
  expect(parse("#/join/a.b")).toEqual({ at: "join", token: "a.b" });
  expect(parse("#/invite/1-abc")).toEqual({ at: "invite", invite: "1-abc" });
  for (const strange of ["", "#", "#/c", "#/%E0%A4%A", "#/nowhere/x"]) expect(parse(strange).at).toBe("home");
});

it("a code for a camera has the shape of its version", () => {
  for (const [text, size] of [
    ["a", 21],
    ["https://tidings.example/j/#2eae6aa7effc83339b1a8f2ab405bc14.1wbcz4qtn6fkvsq70mwxv9w12t", 41],
  ] as const) {
    const modules = qr(text);
    expect(modules.length).toBe(size);
    // Three corners to find it by, and the one module that is always dark.
    for (const [x, y] of [
      [0, 0],
      [size - 7, 0],
      [0, size - 7],
    ] as const) {
      expect(
        modules.slice(y, y + 7).map(row =>
          row
            .slice(x, x + 7)
            .map(Number)
            .join(""),
        ),
      ).toEqual(["1111111", "1000001", "1011101", "1011101", "1011101", "1000001", "1111111"]);
    }
    expect(modules[size - 8]?.[8]).toBe(true);
  }
  expect(() => qr("x".repeat(2_000))).toThrow();
});

it("a face is the same everywhere", () => {
  expect(initialsOf("Ann Berg")).toBe("AB");
  expect(initialsOf("👩‍👩‍👧 x")).toBe("👩‍👩‍👧X");
  expect(initialsOf("")).toBe("");
  expect(colourOf("u1")).toBe(colourOf("u1"));
});
