-- Room for what comes: none of it needs another look at the log. And receipt runs go by age without a walk over all.

CREATE INDEX receipt_runs_by_age ON receipt_runs(at_ms);

-- The conversation family ---------------------------------------------------------------------------------------------

-- reactions: one row per person, entry and emoji; the log has the changes, this is what they come to.
CREATE TABLE reactions(
  conv  INTEGER NOT NULL,
  seq   INTEGER NOT NULL,
  user  INTEGER NOT NULL,
  emoji TEXT NOT NULL,
  at_ms INTEGER NOT NULL,
  PRIMARY KEY (conv, seq, user, emoji)
) STRICT, WITHOUT ROWID;

-- pins: entries that stand at the top of a conversation.
CREATE TABLE pins(
  conv  INTEGER NOT NULL,
  seq   INTEGER NOT NULL,
  user  INTEGER NOT NULL,
  at_ms INTEGER NOT NULL,
  PRIMARY KEY (conv, seq)
) STRICT, WITHOUT ROWID;

-- threads: which entries belong to the thread that `root` starts.
CREATE TABLE threads(
  conv INTEGER NOT NULL,
  root INTEGER NOT NULL,
  seq  INTEGER NOT NULL,
  PRIMARY KEY (conv, root, seq)
) STRICT, WITHOUT ROWID;

-- media_uses: which entries carry which attachment: an attachment goes when its last use goes. The second key answers
-- "who may fetch it?".
CREATE TABLE media_uses(
  conv  INTEGER NOT NULL,
  seq   INTEGER NOT NULL,
  media BLOB NOT NULL,
  PRIMARY KEY (conv, seq, media)
) STRICT, WITHOUT ROWID;
CREATE INDEX media_uses_by_media ON media_uses(conv, media);

-- The user family -----------------------------------------------------------------------------------------------------

-- hidden: entries that one person removed for themselves.
CREATE TABLE hidden(
  user INTEGER NOT NULL,
  conv INTEGER NOT NULL,
  seq  INTEGER NOT NULL,
  PRIMARY KEY (user, conv, seq)
) STRICT, WITHOUT ROWID;

-- push_jobs: who has to be woken about which conversation, written where the inbox is bumped.
CREATE TABLE push_jobs(
  user     INTEGER NOT NULL,
  conv     INTEGER NOT NULL,
  from_seq INTEGER NOT NULL,
  to_seq   INTEGER NOT NULL,
  due_ms   INTEGER NOT NULL,
  tries    INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (user, conv)
) STRICT, WITHOUT ROWID;
CREATE INDEX push_jobs_by_due ON push_jobs(due_ms);

-- key_packages: what others need to reach a device with encryption.
CREATE TABLE key_packages(
  user        INTEGER NOT NULL,
  device      BLOB NOT NULL,
  ref         BLOB NOT NULL,
  body        BLOB NOT NULL,
  last_resort INTEGER NOT NULL,
  created_ms  INTEGER NOT NULL,
  PRIMARY KEY (user, device, ref)
) STRICT, WITHOUT ROWID;
