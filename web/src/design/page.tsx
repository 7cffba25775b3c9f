/** All parts on one page, for people who carry on: look here before you make another one. `#/design` */
import { useState } from "react";
import { Button, IconButton } from "./button";
import { Dialog } from "./dialog";
import { Avatar, Badge, Chip, Empty, ListRow, Skeleton, Tabs } from "./face";
import { Area, Choice, Field, SearchField, Select, Switch } from "./field";
import { Icon, iconNames, TickSign } from "./icons";
import { menu, MenuHost } from "./menu";
import { toast } from "./toast";

const colours = [
  "back",
  "surface",
  "raised",
  "sunken",
  "hover",
  "chosen",
  "text",
  "muted",
  "line",
  "edge",
  "accent",
  "mine",
  "theirs",
  "wall",
  "danger",
  "warn",
  "good",
  "read",
  "mention",
];

export default function DesignPage() {
  const [on, turn] = useState(true);
  const [tab, setTab] = useState<"one" | "two">("one");
  const [open, setOpen] = useState(false);
  const theme = () => {
    const is = document.documentElement.dataset;
    is["theme"] = is["theme"] === "dark" ? "light" : "dark";
  };
  const part = (title: string, children: React.ReactNode) => (
    <section className="flex flex-col gap-3 rounded-2xl bg-surface p-5">
      <h2 className="text-head font-semibold">{title}</h2>
      <div className="flex flex-wrap items-center gap-3">{children}</div>
    </section>
  );
  return (
    <main className="h-full overflow-y-auto bg-back p-5" tabIndex={-1}>
      <div className="mx-auto flex max-w-4xl flex-col gap-5">
        <header className="flex items-center justify-between">
          <h1 className="text-title font-bold">Tidings: the parts</h1>
          <Button icon="sun" onClick={theme}>
            Light, dark
          </Button>
        </header>
        {part(
          "Colours",
          colours.map(name => (
            <figure key={name} className="w-24 text-small">
              <div className="h-10 rounded-lg border border-line" style={{ background: `var(--${name})` }} />
              <figcaption className="text-muted">{name}</figcaption>
            </figure>
          )),
        )}
        {part(
          "Words",
          <div className="flex flex-col gap-1">
            <p className="text-title font-bold">Title</p>
            <p className="text-head font-semibold">Head</p>
            <p>Body: what is said.</p>
            <p className="text-small text-muted">Small: what is beside it.</p>
            <p className="text-tiny text-muted">Tiny: when.</p>
          </div>,
        )}
        {part(
          "Buttons",
          <>
            <Button look="main">Main</Button>
            <Button>Plain</Button>
            <Button look="quiet">Quiet</Button>
            <Button look="danger">Danger</Button>
            <Button look="main" busy>
              Busy
            </Button>
            <Button disabled>Off</Button>
            <IconButton icon="search" label="Search" />
            <IconButton icon="star" label="Star" size="small" aria-pressed />
          </>,
        )}
        {part(
          "Fields",
          <div className="grid w-full gap-4 wide:grid-cols-2">
            <Field label="Name" hint="What others see." />
            <Field label="Handle" fault="Taken." defaultValue="ann" />
            <Select
              label="Choice of many"
              value="a"
              options={[
                ["a", "One"],
                ["b", "Two"],
              ]}
              onPick={() => {}}
            />
            <SearchField label="Search" />
            <Area label="About" />
            <Choice
              label="Choice of few"
              value="a"
              options={[
                ["a", "One"],
                ["b", "Two"],
              ]}
              onPick={() => {}}
            />
            <Switch label="Switch" hint="On or off at once." on={on} onTurn={turn} />
          </div>,
        )}
        {part(
          "People",
          <>
            <Avatar id="a" name="Ann Berg" size="huge" />
            <Avatar id="b" name="高 欣怡" here="online" />
            <Avatar id="c" name="Дмитрий" size="small" here="away" />
            <Avatar id="d" name="G" icon="people" />
            <Badge count={3} label="3 unread" />
            <Badge count={1200} quiet label="1200 unread" />
            <Badge count={1} sign="@" label="mentioned" />
            <Chip on onPick={() => {}}>
              Chosen
            </Chip>
            <Chip on={false} onPick={() => {}}>
              Not
            </Chip>
          </>,
        )}
        {part(
          "Ticks",
          (["queued", "failed", "sent", "delivered", "read"] as const).map(ticks => (
            <span key={ticks} className="flex items-center gap-1 text-small text-muted">
              <TickSign ticks={ticks} />
              {ticks}
            </span>
          )),
        )}
        {part(
          "Over the page",
          <>
            <Button onClick={() => setOpen(true)}>Dialog</Button>
            <Button
              onClick={e =>
                menu("Menu", e.currentTarget, [
                  { words: "Reply", icon: "reply", run: () => {} },
                  "line",
                  { words: "Delete", icon: "trash", danger: true, run: () => {} },
                ])
              }
            >
              Menu
            </Button>
            <Button onClick={() => toast("Forwarded", { action: { words: "Show", run: () => {} } })}>Toast</Button>
            <Button onClick={() => toast("Only admins write here.", { bad: true })}>Refusal</Button>
          </>,
        )}
        {part(
          "Lists",
          <div className="w-full">
            <Tabs
              label="Tabs"
              value={tab}
              tabs={[
                ["one", "One"],
                ["two", "Two"],
              ]}
              onPick={setTab}
            />
            <ListRow
              lead={<Avatar id="x" name="Ben" size="small" />}
              title="Ben Okafor"
              below="@ben"
              onPress={() => {}}
            />
            <Skeleton rows={2} />
          </div>,
        )}
        {part(
          "Empty",
          <Empty icon="chat" title="Say the first word" action={<Button look="main">New</Button>}>
            Find somebody.
          </Empty>,
        )}
        {part(
          "Signs",
          iconNames.map(name => (
            <span key={name} className="flex w-24 flex-col items-center gap-1 text-tiny text-muted">
              <Icon name={name} />
              {name}
            </span>
          )),
        )}
      </div>
      <MenuHost />
      {open && (
        <Dialog
          title="A dialog"
          onClose={() => setOpen(false)}
          foot={<Button onClick={() => setOpen(false)}>Close</Button>}
        >
          <p className="p-5">Focus stays in here; Escape closes it.</p>
        </Dialog>
      )}
    </main>
  );
}
