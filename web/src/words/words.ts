/**
 * What the app says, in the language of whoever reads it. A sentence has a name and is ICU text; `en.ts` is the list of
 * names, and the compiler refuses a language that lacks one. Another language is a file here and a line in `languages`.
 */
import { i18n } from "@lingui/core";
import { compileMessage } from "@lingui/message-utils/compileMessage";
import { en } from "./en";

export type Word = keyof typeof en;
export type Words = { readonly [word in Word]: string };
export type Language = keyof typeof languages;

/** Each by its own name, for who cannot read the others. */
export const languages = {
  en: { name: "English", dir: "ltr", load: () => Promise.resolve(en as Words) },
  de: { name: "Deutsch", dir: "ltr", load: async () => (await import("./de")).de },
  ar: { name: "العربية", dir: "rtl", load: async () => (await import("./ar")).ar },
} as const satisfies { [tag: string]: { name: string; dir: "ltr" | "rtl"; load: () => Promise<Words> } };

i18n.setMessagesCompiler(compileMessage);
i18n.loadAndActivate({ locale: "en", messages: { ...en } });

/** The words of that name, with what is named in them. */
export function t(word: Word, values?: { [name: string]: unknown }): string {
  return i18n._(word, values && isolated(values));
}

/** What people wrote themselves: it may run the other way than the sentence it is put into. */
const foreign: ReadonlySet<string> = new Set(["name", "names", "title", "text", "when"]);

export const isolate = (words: string) => `\u2068${words}\u2069`;

function isolated(values: { [name: string]: unknown }): { [name: string]: unknown } {
  return Object.fromEntries(Object.entries(values).map(([name, value]) =>
    [name, foreign.has(name) && typeof value === "string" ? isolate(value) : value]));
}

/** Whether there are words of that name: for names that a server makes up, such as a refusal's. */
export function known(word: string): word is Word {
  return Object.hasOwn(en, word);
}

/** The language in use. */
export const language = (): Language => i18n.locale as Language;

/** What the browser asks for, as far as we have it. */
export function preferred(): Language {
  for (const tag of navigator.languages) {
    const short = tag.split("-")[0] ?? "";
    if (Object.hasOwn(languages, short)) return short as Language;
  }
  return "en";
}

/** Speaks that language from here on. A language that cannot be fetched now leaves the page as it is. */
export async function speak(tag: Language): Promise<void> {
  const messages = await languages[tag].load();
  i18n.loadAndActivate({ locale: tag, messages: { ...messages } });
  document.documentElement.lang = tag;
  document.documentElement.dir = languages[tag].dir;
}
