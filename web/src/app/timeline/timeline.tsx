/**
 * What was said: a list that keeps its place whatever comes at either end, and tells what was read only when it was.
 */
import { type KeyboardEvent, useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import { Virtualizer, type VirtualizerHandle } from "virtua";
import { IconButton } from "../../design/button";
import { Badge, Empty, Skeleton } from "../../design/face";
import type { Detail, Line, Timeline as Held } from "../../engine/contract";
import type { Seq, UserId } from "../../wire/wire";
import { t } from "../../words/words";
import { focusSoon } from "../focus";
import { useOrder } from "../order";
import { useWho } from "../people";
import { brieflySaid } from "../said";
import { useWatch } from "../watch";
import type { Acts } from "./acts";
import { LineRow } from "./line";
import { TypingRow } from "./typing";
import { type Drawn, drawn, FIRST_COUNT, further, steps, type Stretch } from "./rows";

const NEAR_PX = 600;
const BOTTOM_PX = 48;
/** How long a leap takes to arrive: the list measures what it has not drawn before. */
const QUIET_MS = 150;

export function Timeline(props: {
  detail: Detail;
  me: UserId | undefined;
  around: Seq | null;
  acts: Acts;
  onLeaveAround: () => void;
}) {
  const { detail, me } = props;
  const conv = detail.conv;
  // With much unread, one begins to read where one stopped.
  const [stretch, setStretch] = useState<Stretch>(() => ({
    count: FIRST_COUNT,
    around: props.around ?? (detail.unread > FIRST_COUNT / 2 ? (detail.unread_from ?? null) : null),
  }));
  const told = useWatch("timeline", { conv, ...stretch });
  // While another stretch is on its way, what is there stays.
  const last = useRef<Held | undefined>(undefined);
  if (told) last.current = told;
  const held = told ?? last.current;
  const [jump, setJump] = useState<Seq | null>(props.around);
  useEffect(() => {
    if (props.around === null) return;
    const within = last.current?.lines.some(line => line.seq === props.around);
    if (!within) setStretch({ around: props.around, count: FIRST_COUNT });
    setJump(props.around);
  }, [props.around]);
  const toEnd = useCallback(() => {
    setStretch({ around: null, count: FIRST_COUNT });
    props.onLeaveAround();
  }, [props.onLeaveAround]);
  if (!held)
    return (
      <div className="flex min-h-0 flex-1 flex-col justify-end">
        <Skeleton rows={5} />
      </div>
    );
  return (
    <Lines
      held={held}
      stretch={stretch}
      setStretch={setStretch}
      jump={jump}
      onJumped={() => setJump(null)}
      toEnd={toEnd}
      detail={detail}
      me={me}
      acts={props.acts}
      waits={told === undefined}
    />
  );
}

function Lines(props: {
  held: Held;
  stretch: Stretch;
  setStretch: (to: Stretch) => void;
  jump: Seq | null;
  onJumped: () => void;
  toEnd: () => void;
  detail: Detail;
  me: UserId | undefined;
  acts: Acts;
  waits: boolean;
}) {
  const { held, detail, me, acts } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const list = useRef<VirtualizerHandle>(null);
  const [shown, show] = useState<{ lines: readonly Line[]; era: number; shift: boolean }>({
    lines: held.lines,
    era: 0,
    shift: false,
  });
  const [atEnd, setAtEnd] = useState(true);
  const stick = useRef(props.jump === null && props.stretch.around === null);
  const [flash, setFlash] = useState<Seq | null>(null);
  const [unreadFrom] = useState(detail.unread_from);
  const firstLook = useRef(true);
  const quietUntil = useRef(0);

  // What is held becomes what is shown, one end at a time.
  useLayoutEffect(() => {
    if (shown.lines === held.lines) return;
    const step = steps(shown.lines, held.lines);
    if (step.is === "anew") {
      firstLook.current = true;
      stick.current = props.stretch.around === null;
      show({ lines: held.lines, era: shown.era + 1, shift: false });
    } else if (step.end && !same(step.end, shown.lines)) show({ lines: step.end, era: shown.era, shift: false });
    else show({ lines: held.lines, era: shown.era, shift: step.start });
  }, [held.lines, shown, props.stretch.around]);

  const rows = useMemo(() => drawn(shown.lines, unreadFrom), [shown.lines, unreadFrom]);
  const end = (!held.after && props.stretch.around === null) || !held.after;

  const toBottom = useCallback(() => {
    const box = scroller.current;
    if (box) box.scrollTop = box.scrollHeight;
  }, []);

  // The first look: at the unread line, at what was jumped to, or at the end.
  useLayoutEffect(() => {
    if (!firstLook.current || rows.length === 0) return;
    firstLook.current = false;
    quietUntil.current = performance.now() + QUIET_MS;
    const unread = rows.findIndex(row => row.unread);
    if (props.jump === null && unread > 0) {
      stick.current = false;
      list.current?.scrollToIndex(unread, { align: "start", offset: -24 });
    } else if (props.jump === null && props.stretch.around === null) toBottom();
  }, [rows, props.jump, props.stretch.around, toBottom]);

  useLayoutEffect(() => {
    if (props.jump === null) return;
    const at = rows.findIndex(row => row.line.seq === props.jump);
    if (at < 0) return;
    stick.current = false;
    list.current?.scrollToIndex(at, { align: "center" });
    quietUntil.current = performance.now() + QUIET_MS;
    setFlash(props.jump);
    props.onJumped();
    const timer = setTimeout(() => setFlash(null), 2_000);
    return () => clearTimeout(timer);
    // The jump is taken once; onJumped is another function each time.
  }, [props.jump, rows]);

  const mineLast = rows.at(-1)?.line;
  const ownNew = mineLast?.ticks === "queued" ? mineLast.send_id : null;
  useLayoutEffect(() => {
    // What I send is always seen.
    if (ownNew !== null) stick.current = true;
    if (stick.current && end) toBottom();
  }, [rows, end, ownNew, toBottom]);

  const asked = useRef<string>("");
  const more = useCallback(() => {
    const box = scroller.current;
    // Behind something else it has no height, and nobody comes near its ends.
    if (!box || box.clientHeight === 0 || props.waits || held.loading) return;
    // Between two steps, or before the first look has found its place, the ends are not where they seem.
    if (shown.lines !== held.lines || props.jump !== null || performance.now() < quietUntil.current) return;
    const fromEnd = box.scrollHeight - box.scrollTop - box.clientHeight;
    const up = box.scrollTop < NEAR_PX && held.before;
    const down = fromEnd < NEAR_PX && held.after;
    if (!up && !down) return;
    const next = further(props.stretch, held, up);
    const name = `${JSON.stringify(next)} ${held.lines.length} ${held.lines[0]?.seq}`;
    if (asked.current === name) return;
    asked.current = name;
    props.setStretch(next);
  }, [held, props, shown.lines]);
  useEffect(() => {
    more();
    const timer = setTimeout(more, QUIET_MS + 20);
    return () => clearTimeout(timer);
  }, [more]);

  const onScroll = () => {
    const box = scroller.current;
    if (!box) return;
    const near = box.scrollHeight - box.scrollTop - box.clientHeight < BOTTOM_PX;
    stick.current = near && end;
    setAtEnd(near && end);
    more();
  };

  // The composer grows, the keyboard comes: who was at the end stays there.
  useEffect(() => {
    const box = scroller.current;
    if (!box) return;
    const watch = new ResizeObserver(() => {
      if (stick.current) toBottom();
    });
    watch.observe(box);
    if (box.firstElementChild?.nextElementSibling) watch.observe(box.firstElementChild.nextElementSibling);
    return () => watch.disconnect();
  }, [shown.era, toBottom]);

  useReading(scroller, rows, detail, shown.era);
  const arrows = (e: KeyboardEvent) => moveFocus(e, scroller.current, rows, list.current);

  const waiting = end ? detail.unread : Math.max(detail.unread, 0);
  return (
    <div className="relative flex min-h-0 flex-1 flex-col">
      <div
        ref={scroller}
        role="region"
        aria-label={t("timeline")}
        tabIndex={0}
        onScroll={onScroll}
        onKeyDown={arrows}
        className="flex min-h-0 flex-1 flex-col overflow-x-hidden overflow-y-auto overscroll-contain bg-wall
          -outline-offset-2 [overflow-anchor:none]"
      >
        <div className="min-h-2 grow">
          {rows.length === 0 && !held.loading && (
            <Empty icon="chat" title={t("timeline.none.title")}>
              {t("timeline.none")}
            </Empty>
          )}
          {held.before && held.loading && <Skeleton rows={2} />}
        </div>
        <Virtualizer key={shown.era} ref={list} scrollRef={scroller} shift={shown.shift} bufferSize={500} itemSize={64}>
          {rows.map(row => (
            <LineRow
              key={row.key}
              row={row}
              me={me}
              group={detail.kind !== "direct"}
              acts={acts}
              flash={flash !== null && row.line.seq === flash}
              mention={row.line.seq !== undefined && row.line.ticks === "none" && names(row.line, me)}
            />
          ))}
        </Virtualizer>
        <div className="px-3 pb-2">{end && <TypingRow conv={detail.conv} group={detail.kind !== "direct"} />}</div>
      </div>
      {(!atEnd || !end) && (
        <div className="appear absolute end-4 bottom-4 z-10">
          <IconButton
            icon="down"
            label={t("to.end")}
            className="border border-line bg-raised shadow-float"
            onClick={() => {
              if (end) {
                stick.current = true;
                toBottom();
              } else props.toEnd();
            }}
          />
          {waiting > 0 && (
            <span className="pointer-events-none absolute -top-2 -start-1">
              <Badge count={waiting} label={t("row.waiting", { count: waiting })} />
            </span>
          )}
        </div>
      )}
      <Aloud lines={held.lines} conv={detail.conv} me={me} end={end} />
    </div>
  );
}

const same = (a: readonly Line[], b: readonly Line[]) => a.length === b.length && a.every((line, n) => line === b[n]);

const names = (line: Line, me: UserId | undefined) =>
  line.body.mention_all !== undefined || (line.body.mentions ?? []).some(one => one.user === me);

/** What arrives is told aloud, once, in a log of its own: the list itself makes and drops lines as it scrolls. */
function Aloud(props: { lines: readonly Line[]; conv: string; me: UserId | undefined; end: boolean }) {
  const who = useWho();
  const [said, say] = useState<readonly { key: string; words: string }[]>([]);
  const seen = useRef<Seq | null>(null);
  useEffect(() => {
    const seqs = props.lines.flatMap(line => (line.seq === undefined ? [] : [line.seq]));
    const highest = Math.max(0, ...seqs.slice(-1));
    const before = seen.current;
    seen.current = Math.max(before ?? 0, highest);
    if (before === null || !props.end) return;
    const fresh = props.lines.filter(line => (line.seq ?? 0) > before && line.sender !== props.me);
    if (fresh.length === 0 || fresh.length > 20) return;
    say(old =>
      [
        ...old,
        ...fresh.map(line => ({
          key: line.send_id,
          words: t("aloud", { name: who.name(line.sender), text: brieflySaid(line, who, props.me) }),
        })),
      ].slice(-5),
    );
    // Who is known does not matter here; what was said does.
  }, [props.lines, props.end, props.me]);
  return (
    <div role="log" aria-live="polite" aria-label={t("timeline.new")} className="unseen">
      {said.map(one => (
        <p key={one.key}>{one.words}</p>
      ))}
    </div>
  );
}

/** Tells what was read: what is on the screen, in a window that is looked at, and has been for a moment. */
function useReading(
  scroller: React.RefObject<HTMLDivElement | null>,
  rows: readonly Drawn[],
  detail: Detail,
  era: number,
): void {
  const { give } = useOrder();
  const conv = detail.conv;
  const told = useRef(detail.read_seq);
  if (detail.gen !== genOf.get(told)) {
    genOf.set(told, detail.gen);
    told.current = detail.read_seq;
  }
  useEffect(() => {
    const box = scroller.current;
    if (!box) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const look = () => {
      if (document.visibilityState !== "visible" || !document.hasFocus()) return;
      const frame = box.getBoundingClientRect();
      let highest = 0;
      for (const one of box.querySelectorAll<HTMLElement>("[data-seq]")) {
        const spot = one.getBoundingClientRect();
        // Its foot is on the screen; of one that is taller than the screen, its middle.
        if (spot.bottom <= frame.bottom + 4 || spot.top + spot.height / 2 < frame.bottom) {
          highest = Math.max(highest, Number(one.dataset["seq"]));
        }
      }
      if (highest > told.current) {
        told.current = highest;
        void give("read", { conv, seq: highest });
      }
    };
    const soon = () => {
      clearTimeout(timer);
      timer = setTimeout(look, 250);
    };
    soon();
    box.addEventListener("scroll", soon, { passive: true });
    addEventListener("focus", soon);
    document.addEventListener("visibilitychange", soon);
    return () => {
      clearTimeout(timer);
      box.removeEventListener("scroll", soon);
      removeEventListener("focus", soon);
      document.removeEventListener("visibilitychange", soon);
    };
  }, [scroller, rows, conv, detail.gen, era, give]);
}

const genOf = new WeakMap<object, number>();

/** Up and down go from line to line once one of them has the focus. */
function moveFocus(
  e: KeyboardEvent,
  box: HTMLElement | null,
  rows: readonly Drawn[],
  list: VirtualizerHandle | null,
): void {
  if (!box || (e.key !== "ArrowUp" && e.key !== "ArrowDown") || e.altKey || e.ctrlKey || e.metaKey) return;
  const on = document.activeElement;
  if (on !== box && !on?.matches("[data-line]")) return;
  const key = on === box ? null : (on as HTMLElement).dataset["line"];
  const at = key === null ? rows.length : rows.findIndex(row => row.key === key);
  const next = Math.min(Math.max(0, at + (e.key === "ArrowUp" ? -1 : 1)), rows.length - 1);
  const row = rows[next];
  if (!row || next === at) return;
  e.preventDefault();
  list?.scrollToIndex(next, { align: "nearest" });
  focusSoon(box, `[data-line="${CSS.escape(row.key)}"]`);
}
