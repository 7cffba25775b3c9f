/** What the keyboard can do. */
import { Dialog } from "../design/dialog";
import { t, type Word } from "../words/words";

const mac = /Mac|iPhone|iPad/.test(navigator.userAgent);
const ctrl = mac ? "⌘" : "Ctrl";

const all: readonly (readonly [Word, readonly string[]])[] = [
  ["keys.switch", [ctrl, "K"]],
  ["keys.new", ["Alt", "N"]],
  ["keys.list", [ctrl, "/"]],
  ["keys.send", ["Enter"]],
  ["keys.line", ["Shift", "Enter"]],
  ["keys.edit", ["↑"]],
  ["keys.escape", ["Esc"]],
  ["keys.lines", ["↑", "↓"]],
  ["keys.menu", ["Enter"]],
  ["keys.reply", ["R"]],
  ["keys.editline", ["E"]],
  ["keys.emoji", [":", "…", ":"]],
  ["keys.mention", ["@", "…"]],
];

export default function Shortcuts({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title={t("shortcuts")} onClose={onClose}>
      <dl className="flex flex-col gap-1 p-4">
        {all.map(([word, keys]) => (
          <div key={word} className="flex items-center justify-between gap-4 py-1">
            <dt>{t(word)}</dt>
            <dd dir="ltr" className="flex gap-1">
              {keys.map(key => (
                <kbd
                  key={key}
                  className="min-w-7 rounded-md border border-b-2 border-line bg-sunken px-1.5 py-0.5 text-center
                font-mono text-small"
                >
                  {key}
                </kbd>
              ))}
            </dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
