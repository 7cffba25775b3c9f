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

-- Groups (the conversation family) ------------------------------------------------------------------------------------

-- since_seq: the entry that says a member is here, of their last stay; NULL in rows of before: where their last span
-- starts. It may differ from that where newcomers read what is older. conversations.settings: JSON, NULL as in a new
-- group. Kinds of entries: 20 settings, 21 role.
ALTER TABLE members ADD COLUMN since_seq INTEGER;

-- links: how people join by themselves, by the hash of the secret. uses_left NULL: until it expires.
CREATE TABLE links(
  conv       INTEGER NOT NULL,
  creator    INTEGER NOT NULL,
  id         BLOB NOT NULL,
  hash       BLOB NOT NULL,
  uses_left  INTEGER,
  expires_ms INTEGER NOT NULL,
  created_ms INTEGER NOT NULL,
  UNIQUE (conv, creator, id)
) STRICT;
CREATE INDEX links_by_hash ON links(conv, hash);

-- join_requests: who asks to be let in.
CREATE TABLE join_requests(
  conv     INTEGER NOT NULL,
  user     INTEGER NOT NULL,
  asked_ms INTEGER NOT NULL,
  PRIMARY KEY (conv, user)
) STRICT, WITHOUT ROWID;

-- The settings as they stand in somebody's inbox, as in conversations; asking: how many ask to be let in, for who may
-- admit them.
ALTER TABLE inbox ADD COLUMN settings TEXT;
ALTER TABLE inbox ADD COLUMN asking INTEGER NOT NULL DEFAULT 0;

-- Changes of entries (the conversation family) ------------------------------------------------------------------------

-- revisions: the bodies an entry had before it was edited. rev: the edit that made it, 0: it was written so. The present
-- body stands in the log alone. All of an entry's go when it is deleted.
CREATE TABLE revisions(
  conv  INTEGER NOT NULL,
  seq   INTEGER NOT NULL,
  rev   INTEGER NOT NULL,
  at_ms INTEGER NOT NULL,
  body  TEXT NOT NULL,
  PRIMARY KEY (conv, seq, rev)
) STRICT, WITHOUT ROWID;

-- What changed an entry, in order: each index entry ends in the log's own id. Kinds of changes: 6 edit, 7 delete,
-- 8 react, 9 pin. log.flags, bit 0: deleted.
CREATE INDEX log_by_target ON log(target_seq, kind) WHERE target_seq IS NOT NULL;

-- pin_seq: the entry that says it is pinned, for the order of the pins.
ALTER TABLE pins ADD COLUMN pin_seq INTEGER NOT NULL DEFAULT 0;

-- Who is mentioned in an entry, for an edit that changes it.
CREATE INDEX mentions_by_seq ON mentions(conv, seq);

-- People (all three families) -----------------------------------------------------------------------------------------

-- users: about, picture: what somebody shows of themselves. deactivated: 0 or 1. who_writes, who_adds, tells_seen,
-- tells_read: 1 everyone, 2 acquainted, 3 nobody.
ALTER TABLE users ADD COLUMN about TEXT;
ALTER TABLE users ADD COLUMN picture TEXT;
ALTER TABLE users ADD COLUMN deactivated INTEGER NOT NULL DEFAULT 0;
ALTER TABLE users ADD COLUMN who_writes INTEGER NOT NULL DEFAULT 1;
ALTER TABLE users ADD COLUMN who_adds INTEGER NOT NULL DEFAULT 2;
ALTER TABLE users ADD COLUMN tells_seen INTEGER NOT NULL DEFAULT 2;
ALTER TABLE users ADD COLUMN tells_read INTEGER NOT NULL DEFAULT 2;

-- blocks: who wants to hear nothing of whom. The index answers "who wants to hear nothing of me?".
CREATE TABLE blocks(
  user    INTEGER NOT NULL,
  blocked INTEGER NOT NULL,
  at_ms   INTEGER NOT NULL,
  PRIMARY KEY (user, blocked)
) STRICT, WITHOUT ROWID;
CREATE INDEX blocks_by_blocked ON blocks(blocked);

-- reports: what somebody wants looked at, until it is closed. said: JSON, a copy of what was said.
CREATE TABLE reports(
  number     INTEGER PRIMARY KEY AUTOINCREMENT,
  reporter   BLOB NOT NULL,
  send_id    BLOB NOT NULL,
  user       BLOB NOT NULL,
  conv       BLOB NOT NULL,
  why        TEXT NOT NULL,
  said       TEXT NOT NULL,
  created_ms INTEGER NOT NULL,
  UNIQUE (reporter, send_id)
) STRICT;

-- members, of a 1:1: request: 0 taken up, 1 open, 2 ignored. blocks: they block the other one. gone: their account is
-- deactivated. terms_rev: how often request and blocks changed; in a group, of who may admit: who asks. inbox has the first and the last of it.
ALTER TABLE members ADD COLUMN request INTEGER NOT NULL DEFAULT 0;
ALTER TABLE members ADD COLUMN blocks INTEGER NOT NULL DEFAULT 0;
ALTER TABLE members ADD COLUMN gone INTEGER NOT NULL DEFAULT 0;
ALTER TABLE members ADD COLUMN terms_rev INTEGER NOT NULL DEFAULT 0;
ALTER TABLE inbox ADD COLUMN request INTEGER NOT NULL DEFAULT 0;
ALTER TABLE inbox ADD COLUMN terms_rev INTEGER NOT NULL DEFAULT 0;

-- handles: until_ms: given up, and kept for its person until then.
ALTER TABLE handles ADD COLUMN until_ms INTEGER;
CREATE INDEX handles_by_user ON handles(user);

-- Threads (the conversation family; the last table of the user family) ------------------------------------------------

-- threads: tord: replies of a kind that counts, up to and with this one. log.flags, bit 1: in a thread, and not counted
-- by ord. (What carried a `thread` before this migration was counted by ord, and stays so: it is in no thread.)
ALTER TABLE threads ADD COLUMN tord INTEGER NOT NULL DEFAULT 0;

-- thread_members: what members say to a thread, and how far they have read it. follows: 0 no longer (it was let go for a
-- younger one), 1 yes, 2 no, by their own word. rev: how often the row changed. Gone when its member goes.
CREATE TABLE thread_members(
  conv    INTEGER NOT NULL,
  user    INTEGER NOT NULL,
  root    INTEGER NOT NULL,
  follows INTEGER NOT NULL,
  read    INTEGER NOT NULL,
  rev     INTEGER NOT NULL,
  PRIMARY KEY (conv, user, root)
) STRICT, WITHOUT ROWID;
CREATE INDEX thread_members_by_root ON thread_members(conv, root) WHERE follows = 1;

-- fanout_threads: which threads changed in a conversation that stands in fanout, and for whom; user 0: for all who follow.
CREATE TABLE fanout_threads(
  conv INTEGER NOT NULL,
  root INTEGER NOT NULL,
  user INTEGER NOT NULL,
  PRIMARY KEY (conv, root, user)
) STRICT, WITHOUT ROWID;

-- inbox_threads: one row per person and thread that they follow, or did. as_of, rev: when it was read.
CREATE TABLE inbox_threads(
  user      INTEGER NOT NULL,
  conv      INTEGER NOT NULL,
  root      INTEGER NOT NULL,
  ver       INTEGER NOT NULL,
  as_of     INTEGER NOT NULL,
  rev       INTEGER NOT NULL,
  following INTEGER NOT NULL,
  head      INTEGER NOT NULL,
  read      INTEGER NOT NULL,
  unread    INTEGER NOT NULL,
  PRIMARY KEY (user, conv, root)
) STRICT, WITHOUT ROWID;
CREATE INDEX inbox_threads_by_ver ON inbox_threads(user, ver);
