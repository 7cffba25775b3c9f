/** Every language says everything, with the same things named in it, in sentences that can be read. */
import { compileMessage } from "@lingui/message-utils/compileMessage";
import { describe, expect, it } from "vitest";
import { ar } from "../../src/words/ar";
import { de } from "../../src/words/de";
import { en } from "../../src/words/en";
import { Code } from "../../src/wire/wire";

/** The names of what is put into a sentence, wherever in it they stand. */
function named(compiled: unknown, found = new Set<string>()): Set<string> {
  if (!Array.isArray(compiled)) return found;
  for (const part of compiled) {
    if (!Array.isArray(part)) continue;
    found.add(String(part[0]));
    if (part[2] && typeof part[2] === "object") for (const way of Object.values(part[2])) named(way, found);
  }
  return found;
}

describe.each([
  ["de", de],
  ["ar", ar],
] as const)("%s", (_, words) => {
  it("has the words of the list and no others", () => {
    expect(Object.keys(words).sort()).toEqual(Object.keys(en).sort());
  });

  it("names in each sentence what the list names", () => {
    for (const [word, sentence] of Object.entries(en)) {
      const ours = named(compileMessage(words[word as keyof typeof en]));
      expect([word, ...ours].sort()).toEqual([word, ...named(compileMessage(sentence))].sort());
    }
  });

  it("leaves nothing in English", () => {
    const same = Object.entries(en)
      .filter(
        ([word, sentence]) =>
          words[word as keyof typeof en] === sentence && /[a-z]{4}/i.test(sentence) && !sentence.includes("{"),
      )
      .map(([word]) => word);
    // Words that are the same there.
    expect(
      same.filter(
        word => !["code", "name", "emoji", "filter", "links", "details", "role.admin", "here.online"].includes(word),
      ),
    ).toEqual([]);
  });
});

it("has words for what a server refuses people", () => {
  // These are for programs; a person who meets one hears the server's own sentence.
  const programs = new Set([
    "out_of_order",
    "unsupported_version",
    "foreign_origin",
    "send_id_reused",
    "not_a_group",
    "bad_body",
    "bad_kind",
    "beyond_head",
    "bad_request",
  ]);
  const missing = Object.keys(Code).filter(name => !programs.has(name) && !(`no.${name}` in en));
  expect(missing).toEqual([]);
});
