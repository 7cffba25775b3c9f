/** One grammar for every client: the examples that the Rust one passes, passed here. */
import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { bytesOf, placeOf } from "../../src/app/bytes";
import { parse, parseBody, plain } from "../../src/app/markup";

type Example = { source: string; tree: unknown; why: string };
const file = new URL("../../../crates/client/tests/markup.json", import.meta.url);
const examples = existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Example[]) : [];

describe("the grammar of a text", () => {
  for (const { source, tree, why } of examples) {
    it(`${why}: ${JSON.stringify(source).slice(0, 80)}`, () => {
      expect(parse(source)).toEqual(tree);
    });
  }

  it("reads any text in little time", () => {
    const began = performance.now();
    for (const much of ["*a ", "[", "> ", "- ", "`", "_*", "<", "![", "](", "~a~~"])
      parse(much.repeat(8_000 / much.length));
    expect(performance.now() - began).toBeLessThan(3_000);
  });
});

describe("mentions", () => {
  it("stand where their bytes say, whatever is before them", () => {
    const text = "é 👍 @Ann hi";
    const start = bytesOf("é 👍 ");
    const { blocks, named } = parseBody({ text, mentions: [{ start, len: 4, user: "u1" }] });
    expect(named).toEqual(["u1"]);
    expect(blocks).toEqual([{ paragraph: [{ text: "é 👍 \ufffe0:@Ann\uffff hi" }] }]);
  });

  it("are passed over where they cut a character", () => {
    expect(parseBody({ text: "é", mentions: [{ start: 1, len: 1, user: "u1" }] }).named).toEqual([]);
    expect(placeOf("é", 1)).toBeNull();
  });
});

it("a preview is words on one line", () => {
  expect(plain("**a**\n\n- b\n- [c](https://d.example)\n```\ncode\n```")).toBe("a b c code");
});
