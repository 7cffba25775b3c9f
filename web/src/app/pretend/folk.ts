/** Who the pretended people are, and what they say: long names and strange ones, words from right to left, code. */
import type { Person } from "../../wire/wire";

export const ME = "01900000-0000-7000-8000-000000000001";

const people: readonly (readonly [string, string, string?])[] = [
  ["ann", "Ann Berg", "Choir, bread, bicycles"],
  ["ben", "Ben Okafor"],
  ["carla", "Carla Núñez", "Product. Ask me about launches."],
  ["dmitri", "Дмитрий Соколов"],
  ["elif", "Elif Yılmaz"],
  ["farah", "فرح الخطيب", "مهندسة برمجيات"],
  ["gao", "高 欣怡"],
  ["hanna", "Hanna Lindqvist-Oberhauser von der Weidenmühle zu Katzenelnbogen"],
  ["ivan", "Ivan Petrov"],
  ["joy", "Joy 🎈"],
  ["kofi", "Kofi Mensah"],
  ["lea", "Léa Dubois"],
  ["moshe", "משה כהן"],
  ["nils", "Nils Aagaard"],
  ["olu", "Olúwaṣeun Adébáyọ̀"],
  ["priya", "Priya Raghunathan"],
  ["quinn", "Quinn"],
  ["ruth", "Ruth Maier"],
];

export const uuid = (n: number) => `01900000-0000-7000-8000-${String(n).padStart(12, "0")}`;

export const persons: ReadonlyMap<string, Person> = new Map([
  [ME, { user: ME, handle: "sam", name: "Sam Rivers", about: "Here most days." }],
  ...people.map(([handle, name, about], n): [string, Person] => [
    uuid(100 + n),
    { user: uuid(100 + n), handle, name, ...(about ? { about } : {}) },
  ]),
]);
export const byHandle = (handle: string) => [...persons.values()].find(one => one.handle === handle)?.user ?? ME;

export const talk = [
  "Morning! Did the release go out?",
  "Yes, at seven. Quiet so far :)",
  "Nice. I'll watch the graphs till noon.",
  "Could somebody look at **#482**? It only happens on slow networks.",
  "On it.",
  "The numbers for last week:\n\n- sign-ups: 1,204\n- messages: *3.1 M*\n- lost: 0",
  "> Could somebody look at #482?\n\nFound it, the socket was closed before the outbox was read.",
  "```rust\nfn settle(rows: &mut Rows) {\n    rows.retain(|row| row.mark != seen.mark);\n}\n```",
  "Lunch at half past twelve?",
  "👍",
  "See https://tidings.example/docs/protocol#resume for the details.",
  "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft",
  "🎉🎉🎉",
  "مرحبا، هل انتهى الاجتماع؟ I mean the one at 3 pm.",
  "שלום לכולם 👋",
  "~~Tuesday~~ Wednesday works better for me.",
  "I think we should keep it simple: one log per conversation, gap free, and everything else follows from it. " +
    "If a client " +
    "knows what it holds, it knows what it lacks; and then a reconnect is nothing but a question.",
  "`cargo test -p store` is green again",
  "Thanks a lot!",
  "1. build\n2. measure\n3. only then believe",
  "Can you send me the slides before the weekend? No hurry.",
  "Sure, tonight.",
  "ok",
  "Haha, exactly 😂",
];
