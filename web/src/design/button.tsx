/** What can be pressed: words, or a sign with its words told aloud and in a tooltip. */
import type { ButtonHTMLAttributes, Ref } from "react";
import { Icon, type IconName } from "./icons";

type Look = "main" | "plain" | "quiet" | "danger";

const looks: { [look in Look]: string } = {
  main: "bg-accent text-on-accent hover:bg-accent-hover disabled:opacity-50",
  plain: "border border-line bg-raised hover:bg-hover disabled:opacity-50",
  quiet: "text-accent-text hover:bg-hover disabled:opacity-50",
  danger: "bg-danger text-on-danger hover:opacity-90 disabled:opacity-50",
};

type ButtonProps = ButtonHTMLAttributes<HTMLButtonElement> & {
  look?: Look;
  icon?: IconName;
  busy?: boolean;
  wide?: boolean;
  ref?: Ref<HTMLButtonElement>;
};

export function Button({ look = "plain", icon, busy, wide, className = "", children, ...rest }: ButtonProps) {
  return (
    <button
      type="button"
      {...rest}
      disabled={rest.disabled || busy}
      aria-busy={busy || undefined}
      className={`inline-flex min-h-10 items-center justify-center gap-2 rounded-xl px-4 py-2 font-medium
        transition-colors
        duration-(--quick) ${wide ? "w-full" : ""} ${looks[look]} ${className}`}
    >
      {busy ? <Icon name="refresh" size={18} className="turn" /> : icon && <Icon name={icon} size={18} />}
      {children}
    </button>
  );
}

type IconButtonProps = ButtonHTMLAttributes<HTMLButtonElement> & {
  icon: IconName;
  label: string;
  size?: "small" | "usual";
  filled?: boolean;
  ref?: Ref<HTMLButtonElement>;
};

export function IconButton({ icon, label, size = "usual", filled, className = "", ...rest }: IconButtonProps) {
  return (
    <button
      type="button"
      aria-label={label}
      data-tip={label}
      {...rest}
      className={`inline-flex shrink-0 items-center justify-center rounded-full text-muted transition-colors
        duration-(--quick) hover:bg-hover hover:text-text disabled:opacity-40 aria-pressed:text-accent-text
        ${size === "small" ? "size-8" : "size-10"} ${className}`}
    >
      <Icon name={icon} size={size === "small" ? 18 : 21} filled={filled ?? false} />
    </button>
  );
}
