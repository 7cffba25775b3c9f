-- What people do with messages, with conversations and with each other.

-- One's own (the user family) -----------------------------------------------------------------------------------------

-- marks: entries that one person starred or hid from themselves. A mark that was taken away stays a row, so that the
-- person's devices learn of it. ver: of the last change. star, hidden: 0 or 1. Preferences stand in inbox.prefs (JSON).
CREATE TABLE marks(
  user   INTEGER NOT NULL,
  conv   INTEGER NOT NULL,
  seq    INTEGER NOT NULL,
  ver    INTEGER NOT NULL,
  star   INTEGER NOT NULL,
  hidden INTEGER NOT NULL,
  at_ms  INTEGER NOT NULL,
  PRIMARY KEY (user, conv, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX marks_by_ver ON marks(user, ver);
CREATE INDEX marks_starred ON marks(user, ver) WHERE star;

-- drafts: what one person has begun to write. text_ver: the ver at which the text was written, its name. kept: JSON,
-- [text, text_ver, at_ms] of each text that somebody overwrote who did not know it, the oldest first.
CREATE TABLE drafts(
  user     INTEGER NOT NULL,
  conv     INTEGER NOT NULL,
  ver      INTEGER NOT NULL,
  text     TEXT NOT NULL,
  text_ver INTEGER NOT NULL,
  at_ms    INTEGER NOT NULL,
  kept     TEXT NOT NULL,
  PRIMARY KEY (user, conv)
) STRICT, WITHOUT ROWID;
CREATE INDEX drafts_by_ver ON drafts(user, ver);
