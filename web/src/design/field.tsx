/** Where somebody types or chooses: each with its label, its hint, and its fault told where it belongs. */
import { type InputHTMLAttributes, type ReactNode, type Ref, type TextareaHTMLAttributes, useId } from "react";
import { Icon } from "./icons";

const box = `w-full rounded-xl border border-edge bg-surface px-3 py-2 text-text placeholder:text-muted
  aria-invalid:border-danger disabled:opacity-60`;

type Around = { label: string; hint?: ReactNode; fault?: string | undefined };

function Labelled({ id, label, hint, fault, children }: Around & { id: string; children: ReactNode }) {
  return (
    <div className="flex flex-col gap-1">
      <label htmlFor={id} className="text-small font-medium">
        {label}
      </label>
      {children}
      {hint && (
        <div id={`${id}-hint`} className="text-small text-muted">
          {hint}
        </div>
      )}
      {fault && (
        <div id={`${id}-fault`} role="alert" className="flex items-start gap-1 text-small text-danger">
          <Icon name="alert" size={16} className="mt-px" />
          {fault}
        </div>
      )}
    </div>
  );
}

const told = (id: string, { hint, fault }: Around) =>
  [hint && `${id}-hint`, fault && `${id}-fault`].filter(Boolean).join(" ") || undefined;

export function Field(props: Around & InputHTMLAttributes<HTMLInputElement> & { ref?: Ref<HTMLInputElement> }) {
  const { label, hint, fault, className = "", ...rest } = props;
  const id = useId();
  return (
    <Labelled id={id} label={label} hint={hint} fault={fault}>
      <input
        {...rest}
        id={id}
        dir={rest.dir ?? "auto"}
        aria-invalid={fault ? true : undefined}
        aria-describedby={told(id, props)}
        className={`${box} min-h-11 ${className}`}
      />
    </Labelled>
  );
}

export function Area(props: Around & TextareaHTMLAttributes<HTMLTextAreaElement>) {
  const { label, hint, fault, className = "", ...rest } = props;
  const id = useId();
  return (
    <Labelled id={id} label={label} hint={hint} fault={fault}>
      <textarea
        rows={3}
        {...rest}
        id={id}
        dir="auto"
        aria-invalid={fault ? true : undefined}
        aria-describedby={told(id, props)}
        className={`${box} resize-y ${className}`}
      />
    </Labelled>
  );
}

export function Select<T extends string>(
  props: Around & {
    value: T;
    options: readonly (readonly [T, string])[];
    onPick: (value: T) => void;
    disabled?: boolean;
  },
) {
  const id = useId();
  return (
    <Labelled id={id} label={props.label} hint={props.hint} fault={props.fault}>
      <select
        id={id}
        value={props.value}
        disabled={props.disabled}
        aria-describedby={told(id, props)}
        onChange={e => props.onPick(e.target.value as T)}
        className={`${box} min-h-11`}
      >
        {props.options.map(([value, words]) => (
          <option key={value} value={value}>
            {words}
          </option>
        ))}
      </select>
    </Labelled>
  );
}

/** Of a few choices one: all of them to be seen. */
export function Choice<T extends string>(props: {
  label: string;
  value: T;
  options: readonly (readonly [T, string])[];
  onPick: (value: T) => void;
  hint?: string;
}) {
  const name = useId();
  return (
    <fieldset className="flex flex-col gap-1.5">
      <legend className="mb-1.5 text-small font-medium">{props.label}</legend>
      <div className="flex flex-wrap gap-2">
        {props.options.map(([value, words]) => (
          <label
            key={value}
            className={`flex min-h-10 cursor-pointer items-center gap-2 rounded-xl border px-3 py-1.5
            has-focus-visible:outline-2 has-focus-visible:outline-offset-2 has-focus-visible:outline-accent
            ${props.value === value ? "border-accent bg-chosen" : "border-edge bg-surface hover:bg-hover"}`}
          >
            <input
              type="radio"
              name={name}
              value={value}
              checked={props.value === value}
              onChange={() => props.onPick(value)}
              className="size-4 accent-accent"
            />
            {words}
          </label>
        ))}
      </div>
      {props.hint && <p className="text-small text-muted">{props.hint}</p>}
    </fieldset>
  );
}

export function Switch(props: {
  label: string;
  hint?: string;
  on: boolean;
  onTurn: (on: boolean) => void;
  disabled?: boolean;
}) {
  const id = useId();
  return (
    <div className="flex min-h-11 items-center justify-between gap-4 py-1">
      <div className="min-w-0">
        <div id={id} className="font-medium">
          {props.label}
        </div>
        {props.hint && (
          <div id={`${id}-hint`} className="text-small text-muted">
            {props.hint}
          </div>
        )}
      </div>
      <button
        type="button"
        role="switch"
        aria-checked={props.on}
        aria-labelledby={id}
        disabled={props.disabled}
        aria-describedby={props.hint ? `${id}-hint` : undefined}
        onClick={() => props.onTurn(!props.on)}
        className={`relative h-7 w-12 shrink-0 rounded-full border transition-colors duration-(--quick)
          disabled:opacity-50 ${props.on ? "border-accent bg-accent" : "border-edge bg-sunken"}`}
      >
        <span
          className={`absolute top-0.5 size-5.5 rounded-full transition-[inset-inline-start] duration-(--quick)
          ${props.on ? "start-5.5 bg-on-accent" : "start-0.5 bg-edge"}`}
        />
      </button>
    </div>
  );
}

/** A field to look for something. */
export function SearchField(
  props: InputHTMLAttributes<HTMLInputElement> & {
    label: string;
    ref?: Ref<HTMLInputElement>;
  },
) {
  const { label, className = "", ...rest } = props;
  return (
    <div className={`relative ${className}`}>
      <Icon name="search" size={18} className="pointer-events-none absolute inset-y-0 start-3 my-auto text-muted" />
      <input
        type="search"
        dir="auto"
        aria-label={label}
        placeholder={label}
        autoComplete="off"
        spellCheck={false}
        {...rest}
        className="min-h-10 w-full rounded-full border border-transparent bg-sunken ps-10 pe-3
          placeholder:text-muted"
      />
    </div>
  );
}
