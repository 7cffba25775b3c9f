-- The first schema. What stands in these tables was told to people as durable: no later migration may lose a row.
-- Numbers: every id of sixteen bytes gets a small local number once, so that keys are short. A number never leaves the
-- engine. Times are milliseconds since 1970 UTC.

-- The store as a whole ------------------------------------------------------------------------------------------------

-- meta: what holds for the whole file. epoch: its lineage (16 bytes). digest_key: the key of the digests in `sends`
-- (32 bytes). opens: how often the file was opened for writing, the high bits of every fanout mark.
CREATE TABLE meta(
  name  TEXT PRIMARY KEY,
  value ANY NOT NULL
) STRICT, WITHOUT ROWID;

-- user_numbers, conversation_numbers: of no family; in a store that is cut into buckets each bucket has its own.
CREATE TABLE user_numbers(
  number INTEGER PRIMARY KEY CHECK (number < 2147483648),
  id     BLOB NOT NULL UNIQUE CHECK (length(id) = 16)
) STRICT;
CREATE TABLE conversation_numbers(
  number INTEGER PRIMARY KEY CHECK (number < 2147483648),
  id     BLOB NOT NULL UNIQUE CHECK (length(id) = 16)
) STRICT;

-- The conversation family ---------------------------------------------------------------------------------------------

-- conversations: what a log is about. There is no head here: it is derived from the log, so that it cannot disagree
-- with it. kind: 1 direct, 2 group. settings: JSON. mls_epoch: of an encrypted conversation, later.
CREATE TABLE conversations(
  conv       INTEGER PRIMARY KEY,
  kind       INTEGER NOT NULL,
  title      TEXT,
  created_ms INTEGER NOT NULL,
  floor_seq  INTEGER NOT NULL DEFAULT 1,
  settings   TEXT,
  mls_epoch  INTEGER NOT NULL DEFAULT 0
) STRICT;

-- log: the entries. id = conv << 32 | seq: the history of a conversation is one range of the table's own tree. kind: a
-- number for the words this program knows (1 text, 2 created, 3 added, 4 removed, 5 left), else the word. sender: a user
-- number. flags: bit 0 tombstone, later.
CREATE TABLE log(
  id         INTEGER PRIMARY KEY,
  message_id BLOB NOT NULL,
  send_id    BLOB NOT NULL,
  ord        INTEGER NOT NULL,
  kind       ANY NOT NULL,
  flags      INTEGER NOT NULL DEFAULT 0,
  sender     INTEGER NOT NULL,
  created_ms INTEGER NOT NULL,
  rev        INTEGER,
  target_seq INTEGER,
  reply_to   INTEGER,
  thread     INTEGER,
  body       TEXT NOT NULL
) STRICT;

-- sends: which change got which seq, kept as long as the entry. send_id comes first in the key although it is not the
-- family's: clients make them in order of time, so new rows lie side by side. digest: a keyed hash of what was asked.
CREATE TABLE sends(
  send_id BLOB NOT NULL,
  conv    INTEGER NOT NULL,
  sender  INTEGER NOT NULL,
  seq     INTEGER NOT NULL,
  digest  BLOB NOT NULL,
  PRIMARY KEY (send_id, conv, sender)
) STRICT, WITHOUT ROWID;

-- members: everybody who is or was one, and their cursors. role: 1 member, 2 admin, 3 owner, NULL no longer a member.
-- delivered, read: public. mine, mine_ord, gen: the private read cursor. The index finds a person's conversations.
CREATE TABLE members(
  conv      INTEGER NOT NULL,
  user      INTEGER NOT NULL,
  role      INTEGER,
  delivered INTEGER NOT NULL,
  read      INTEGER NOT NULL,
  mine      INTEGER NOT NULL,
  mine_ord  INTEGER NOT NULL,
  gen       INTEGER NOT NULL,
  PRIMARY KEY (conv, user)
) STRICT, WITHOUT ROWID;
CREATE INDEX members_by_user ON members(user);

-- spans: the stretches of a log that a person may read, both ends included; open while to_seq is NULL. from_ord: messages
-- before the first entry. to_ord: messages up to and with the last.
CREATE TABLE spans(
  conv     INTEGER NOT NULL,
  user     INTEGER NOT NULL,
  from_seq INTEGER NOT NULL,
  from_ord INTEGER NOT NULL,
  to_seq   INTEGER,
  to_ord   INTEGER,
  PRIMARY KEY (conv, user, from_seq)
) STRICT, WITHOUT ROWID;

-- mentions: entries that name a member.
CREATE TABLE mentions(
  conv INTEGER NOT NULL,
  user INTEGER NOT NULL,
  seq  INTEGER NOT NULL,
  PRIMARY KEY (conv, user, seq)
) STRICT, WITHOUT ROWID;

-- receipt_runs: when public cursors passed entries: one row per member, kind (1 delivered, 2 read) and minute, kept 90
-- days. at_ms: the advance that began it.
CREATE TABLE receipt_runs(
  conv     INTEGER NOT NULL,
  user     INTEGER NOT NULL,
  kind     INTEGER NOT NULL,
  from_seq INTEGER NOT NULL,
  to_seq   INTEGER NOT NULL,
  at_ms    INTEGER NOT NULL,
  PRIMARY KEY (conv, user, kind, from_seq)
) STRICT, WITHOUT ROWID;

-- fanout: the bridge to the inboxes, one row per conversation whose members' inboxes may be behind. from_seq: the first
-- entry they may not know, NULL where only cursors moved. mark: another one at every write, never used twice.
CREATE TABLE fanout(
  conv     INTEGER PRIMARY KEY,
  from_seq INTEGER,
  since_ms INTEGER NOT NULL,
  mark     INTEGER NOT NULL
) STRICT;
CREATE INDEX fanout_by_since ON fanout(since_ms);

-- fanout_users: whose cursors moved in a conversation that stands in fanout.
CREATE TABLE fanout_users(
  conv INTEGER NOT NULL,
  user INTEGER NOT NULL,
  PRIMARY KEY (conv, user)
) STRICT, WITHOUT ROWID;

-- The user family -----------------------------------------------------------------------------------------------------

-- user_heads: how many changes an inbox has seen; a row from the first change on, whether or not the person exists here.
CREATE TABLE user_heads(
  user INTEGER PRIMARY KEY,
  ver  INTEGER NOT NULL
) STRICT;

-- inbox: one compacted row per person and conversation. id = user << 32 | conv. as_of: the conversation's head when the
-- row was read there. spans: 32 bytes each. mentions: 8 bytes each. mention_gen, mention_read: with as_of what
-- `mentions` was read at. peer, peer_delivered, peer_read: of a 1:1. flags: muted, pinned, archived, later.
CREATE TABLE inbox(
  id             INTEGER PRIMARY KEY,
  user           INTEGER NOT NULL,
  ver            INTEGER NOT NULL,
  as_of          INTEGER NOT NULL,
  kind           INTEGER NOT NULL,
  title          TEXT,
  role           INTEGER,
  spans          BLOB NOT NULL,
  head_seq       INTEGER NOT NULL,
  head_ord       INTEGER NOT NULL,
  head_ms        INTEGER NOT NULL,
  read_seq       INTEGER NOT NULL,
  read_ord       INTEGER NOT NULL,
  gen            INTEGER NOT NULL,
  mentions       BLOB NOT NULL,
  mention_as_of  INTEGER NOT NULL,
  mention_gen    INTEGER NOT NULL,
  mention_read   INTEGER NOT NULL,
  peer           BLOB,
  peer_delivered INTEGER,
  peer_read      INTEGER,
  flags          INTEGER NOT NULL DEFAULT 0,
  prefs          TEXT
) STRICT;
CREATE INDEX inbox_by_ver ON inbox(user, ver);

-- topics: the rest of the inbox, one row per person and topic: 1 devices, 2 profile; later settings, blocks, drafts (for
-- which `name` says which, and body holds it).
CREATE TABLE topics(
  user  INTEGER NOT NULL,
  topic INTEGER NOT NULL,
  name  BLOB NOT NULL DEFAULT x'',
  ver   INTEGER NOT NULL,
  body  TEXT,
  PRIMARY KEY (user, topic, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX topics_by_ver ON topics(user, ver);

-- users: who has an account here. profile: JSON, later.
CREATE TABLE users(
  user          INTEGER PRIMARY KEY,
  handle        TEXT NOT NULL,
  name          TEXT NOT NULL,
  password_hash TEXT NOT NULL,
  owner         INTEGER NOT NULL,
  created_ms    INTEGER NOT NULL,
  last_seen_ms  INTEGER,
  profile       TEXT
) STRICT;

-- devices: those that are signed in. next_hash: the secret that becomes the only one once used. dseq: the last place that
-- was given out in the mailbox, which must not fall when things are acked. push: a subscription, later.
CREATE TABLE devices(
  user        INTEGER NOT NULL,
  device      BLOB NOT NULL,
  name        TEXT NOT NULL,
  secret_hash BLOB NOT NULL,
  next_hash   BLOB,
  created_ms  INTEGER NOT NULL,
  last_ms     INTEGER NOT NULL,
  dseq        INTEGER NOT NULL DEFAULT 0,
  push        TEXT,
  PRIMARY KEY (user, device)
) STRICT, WITHOUT ROWID;

-- mailbox: things for one device, until acked or 30 days old.
CREATE TABLE mailbox(
  user       INTEGER NOT NULL,
  device     BLOB NOT NULL,
  dseq       INTEGER NOT NULL,
  kind       TEXT NOT NULL,
  body       BLOB NOT NULL,
  created_ms INTEGER NOT NULL,
  PRIMARY KEY (user, device, dseq)
) STRICT, WITHOUT ROWID;
CREATE INDEX mailbox_by_age ON mailbox(created_ms);

-- The directory family ------------------------------------------------------------------------------------------------

-- handles: who has which, in its one form.
CREATE TABLE handles(
  handle TEXT PRIMARY KEY,
  user   BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- invites: by the hash of their secret.
CREATE TABLE invites(
  hash       BLOB PRIMARY KEY,
  owner      INTEGER NOT NULL,
  uses_left  INTEGER NOT NULL,
  expires_ms INTEGER NOT NULL,
  created_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
