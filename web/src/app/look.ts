/** How somebody wants the app to look and behave on this device. Kept here only: it is no secret and no message. */
import { useSyncExternalStore } from "react";
import { languages, type Language, preferred } from "../words/words";

export type Look = {
  theme: "light" | "dark" | "system";
  density: "roomy" | "compact";
  language: Language;
  enterSends: boolean;
  sound: boolean;
  seenHints: readonly string[];
};

const NAME = "tidings.look";
const listeners = new Set<() => void>();
let look: Look = {
  theme: "system",
  density: "roomy",
  language: preferred(),
  enterSends: true,
  sound: true,
  seenHints: [],
  ...read(),
};
if (!Object.hasOwn(languages, look.language)) look = { ...look, language: "en" };

function read(): Partial<Look> {
  try {
    return JSON.parse(localStorage.getItem(NAME) ?? "{}") as Partial<Look>;
  } catch {
    return {}; // Storage may be forbidden; the app looks as it does for a newcomer.
  }
}

/** Puts the theme and the density where the style sheet sees them. */
export function applyLook(): void {
  const dark = look.theme === "dark" || (look.theme === "system" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.dataset["theme"] = dark ? "dark" : "light";
  document.documentElement.dataset["density"] = look.density;
}

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", applyLook);

export function setLook(change: Partial<Look>): void {
  look = { ...look, ...change };
  try {
    localStorage.setItem(NAME, JSON.stringify(look));
  } catch {
    // Then it holds for as long as this page is open.
  }
  applyLook();
  listeners.forEach(tell => tell());
}

export const lookNow = (): Look => look;

export function useLook(): Look {
  return useSyncExternalStore(
    tell => {
      listeners.add(tell);
      return () => listeners.delete(tell);
    },
    () => look,
  );
}
