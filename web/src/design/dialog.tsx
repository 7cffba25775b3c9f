/** A dialog: the browser's own, so that focus stays inside, Escape closes and what lies behind is out of reach. */
import { type ReactNode, useEffect, useId, useRef } from "react";
import { t } from "../words/words";
import { IconButton } from "./button";

export function Dialog(props: {
  title: string;
  onClose: () => void;
  children: ReactNode;
  foot?: ReactNode;
  wide?: boolean;
  bare?: boolean;
}) {
  const ref = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const dialog = ref.current;
    const before = document.activeElement;
    if (dialog && !dialog.open) dialog.showModal();
    // The browser takes the first thing that can be focused, which closes it: whoever opens it wants to write.
    dialog?.querySelector<HTMLElement>("input, textarea")?.focus();
    return () => {
      dialog?.close();
      if (before instanceof HTMLElement && before.isConnected) before.focus({ preventScroll: true });
    };
  }, []);
  return (
    <dialog
      ref={ref}
      aria-labelledby={id}
      onCancel={e => {
        e.preventDefault();
        props.onClose();
      }}
      onKeyDown={e => e.stopPropagation()}
      onMouseDown={e => {
        if (e.target === e.currentTarget) props.onClose();
      }}
      className={`m-auto max-h-[min(44rem,90dvh)] w-full overflow-hidden rounded-2xl bg-surface text-text shadow-float
        open:flex open:flex-col phone:m-0 phone:mt-auto phone:max-h-[92dvh] phone:max-w-none phone:rounded-b-none
        phone:pb-[env(safe-area-inset-bottom)] ${props.wide ? "max-w-2xl" : "max-w-md"} rise`}
    >
      <header className={props.bare ? "unseen" : "flex items-center gap-2 border-b border-line py-2 ps-5 pe-2"}>
        <h2 id={id} className="min-w-0 flex-1 truncate text-head font-semibold">
          {props.title}
        </h2>
        {!props.bare && <IconButton icon="close" label={t("close")} onClick={props.onClose} />}
      </header>
      <div className="min-h-0 flex-1 overflow-y-auto">{props.children}</div>
      {props.foot && (
        <footer className="flex flex-wrap justify-end gap-2 border-t border-line p-3">{props.foot}</footer>
      )}
    </dialog>
  );
}
