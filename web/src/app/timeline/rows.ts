/** From lines to what is drawn: where a day begins, where the unread ones begin, who speaks on. */
import type { Line, Timeline } from "../../engine/contract";
import type { Seq } from "../../wire/wire";
import { sameDay } from "../../words/when";
import { isTold } from "../said";

/** One line as it is drawn. */
export type Drawn = {
  /** Its name on the screen. The send_id: a line keeps it when it gets its place, so nothing jumps or doubles. */
  key: string;
  line: Line;
  day: boolean;
  unread: boolean;
  /** The same person said the line before, not long ago: no name, no avatar. */
  goesOn: boolean;
  /** The same person says the next one. */
  goesOnAfter: boolean;
};

const APART_MS = 5 * 60_000;

const told = (line: Line) => line.kind !== "text" && isTold(line.kind);

function together(a: Line | undefined, b: Line | undefined): boolean {
  return (
    a !== undefined &&
    b !== undefined &&
    a.sender === b.sender &&
    !told(a) &&
    !told(b) &&
    Math.abs(b.at_ms - a.at_ms) < APART_MS &&
    sameDay(a.at_ms, b.at_ms)
  );
}

export function drawn(lines: readonly Line[], unreadFrom: Seq | undefined): Drawn[] {
  let unreadShown = false;
  return lines.map((line, n) => {
    const before = lines[n - 1];
    const unread =
      !unreadShown &&
      unreadFrom !== undefined &&
      line.seq !== undefined &&
      line.seq >= unreadFrom &&
      line.ticks === "none";
    unreadShown ||= unread;
    const day = before === undefined || !sameDay(before.at_ms, line.at_ms);
    return {
      key: `${line.send_id} ${line.sender}`,
      line,
      day,
      unread,
      goesOn: !day && !unread && together(before, line),
      goesOnAfter: together(line, lines[n + 1]),
    };
  });
}

/**
 * From what is shown to what is wanted, in steps that each change one end only: the list keeps its place when lines
 * come at its end, or at its start, not when both happen at once. `anew`: nothing in common, begin again.
 */
export function steps(
  shown: readonly Line[],
  wanted: readonly Line[],
): { is: "anew" } | { is: "steps"; end: readonly Line[] | null; start: boolean } {
  const name = (line: Line | undefined) => line && `${line.send_id} ${line.sender}`;
  if (shown.length === 0 || wanted.length === 0) return { is: "anew" };
  const first = name(shown[0]);
  const sameStart = first === name(wanted[0]);
  if (sameStart) return { is: "steps", end: null, start: false };
  const inWanted = wanted.findIndex(line => name(line) === first);
  // Older ones came at the start: first the rest of the change, then they.
  if (inWanted > 0) return { is: "steps", end: wanted.slice(inWanted), start: true };
  const wantedFirst = name(wanted[0]);
  const inShown = shown.findIndex(line => name(line) === wantedFirst);
  // The oldest ones go: first the new ones at the end, then they.
  if (inShown > 0) return { is: "steps", end: [...shown.slice(0, inShown), ...wanted], start: true };
  return { is: "anew" };
}

/** Which stretch to ask for next, when somebody comes near an end of what is held. */
export type Stretch = { around: Seq | null; count: number };

export const FIRST_COUNT = 80;
const GROW = 120;
const MOST = 480;

export function further(now: Stretch, held: Timeline, up: boolean): Stretch {
  const seqs = held.lines.flatMap(line => (line.seq === undefined ? [] : [line.seq]));
  if (up) {
    if (now.count + GROW <= MOST && now.around === null) return { around: null, count: now.count + GROW };
    return { around: seqs[0] ?? now.around, count: MOST / 2 };
  }
  if (!held.after) return now;
  return { around: seqs.at(-1) ?? now.around, count: MOST / 2 };
}
