//! One connection, and how our values stand in SQLite: unsigned numbers as signed ones (all are below 2^53), ids as
//! blobs.

use super::job::{Outcome, Problem};
use protocol::group::GroupSettings;
use protocol::server_frame::{ConversationKind, Role};
use protocol::{ConversationId, Kind, Seq, Span, UserId};
use rusqlite::types::{Value, ValueRef};
use rusqlite::{CachedStatement, Connection, OptionalExtension, Params, Row};

/// A connection whose statements are prepared once.
pub(super) struct Db {
    conn: Connection,
}

/// Bits of a log row's id that hold the seq.
pub(super) const SEQ_BITS: u32 = 32;
/// The highest seq there can be.
pub(super) const SEQ_MAX: u64 = (1 << SEQ_BITS) - 1;

impl Db {
    pub(super) fn new(conn: Connection) -> Self {
        conn.set_prepared_statement_cache_capacity(160);
        Self { conn }
    }

    pub(super) fn conn(&self) -> &Connection {
        &self.conn
    }

    pub(super) fn prepare(&self, sql: &str) -> Outcome<CachedStatement<'_>> {
        Ok(self.conn.prepare_cached(sql)?)
    }

    /// Runs a statement; how many rows it changed.
    pub(super) fn run(&self, sql: &str, params: impl Params) -> Outcome<usize> {
        Ok(self.prepare(sql)?.execute(params)?)
    }

    /// The first row, if there is one.
    pub(super) fn first<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Outcome<Option<T>> {
        Ok(self.prepare(sql)?.query_row(params, read).optional()?)
    }

    /// All rows.
    pub(super) fn all<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Outcome<Vec<T>> {
        let mut statement = self.prepare(sql)?;
        let rows = statement.query_map(params, read)?;
        Ok(rows.collect::<rusqlite::Result<Vec<T>>>()?)
    }

    /// The local number of a person, if they have one.
    pub(super) fn user_number(&self, user: UserId) -> Outcome<Option<i64>> {
        self.first(
            "SELECT number FROM user_numbers WHERE id = ?1",
            [user.as_bytes()],
            |row| row.get(0),
        )
    }

    /// The local number of a conversation, if it has one.
    pub(super) fn conversation_number(&self, conv: ConversationId) -> Outcome<Option<i64>> {
        self.first(
            "SELECT number FROM conversation_numbers WHERE id = ?1",
            [conv.as_bytes()],
            |row| row.get(0),
        )
    }
}

/// As SQLite keeps it. Above 2^63 there is nothing to tell apart: no position or time goes there.
pub(super) fn sql(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Back from SQLite; our columns hold no negative numbers.
pub(super) fn unsql(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

/// Reads an unsigned column.
pub(super) fn number(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    row.get(column).map(unsql)
}

/// Reads an unsigned column that may be NULL.
pub(super) fn number_or_none(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<u64>> {
    Ok(row.get::<_, Option<i64>>(column)?.map(unsql))
}

/// Reads a person's id.
pub(super) fn user_id(row: &Row<'_>, column: usize) -> rusqlite::Result<UserId> {
    row.get(column).map(UserId::from_bytes)
}

/// The id of a log row.
pub(super) fn log_id(conv: i64, seq: Seq) -> i64 {
    (conv << SEQ_BITS) | sql(seq.0.min(SEQ_MAX))
}

/// The seq in a log row's id.
pub(super) fn seq_of(id: i64) -> Seq {
    Seq(unsql(id) & SEQ_MAX)
}

pub(super) fn role_code(role: Option<Role>) -> Option<i64> {
    role.map(|role| match role {
        Role::Member => 1,
        Role::Admin => 2,
        Role::Owner => 3,
    })
}

pub(super) fn role(code: Option<i64>) -> Option<Role> {
    code.map(|code| match code {
        3 => Role::Owner,
        2 => Role::Admin,
        _ => Role::Member,
    })
}

pub(super) fn conversation_kind_code(kind: ConversationKind) -> i64 {
    match kind {
        ConversationKind::Direct => 1,
        ConversationKind::Group => 2,
        ConversationKind::Unknown => 0,
    }
}

pub(super) fn conversation_kind(code: i64) -> ConversationKind {
    match code {
        1 => ConversationKind::Direct,
        2 => ConversationKind::Group,
        _ => ConversationKind::Unknown,
    }
}

/// A group's settings as they stand in a column: nothing where they are those of a new one.
pub(super) fn settings(column: Option<&str>) -> Outcome<GroupSettings> {
    column.map_or_else(
        || Ok(GroupSettings::default()),
        |json| serde_json::from_str(json).map_err(|_| Problem::Damage("the settings of a group are not JSON")),
    )
}

pub(super) fn settings_value(settings: &GroupSettings) -> Option<String> {
    (!settings.is_default()).then(|| serde_json::to_string(settings).expect("words and numbers are always JSON"))
}

/// Known words are numbers, so that most rows are four bytes shorter.
pub(super) fn kind_value(kind: &Kind) -> Value {
    let code = match kind {
        Kind::Text => 1,
        Kind::Created => 2,
        Kind::Added => 3,
        Kind::Removed => 4,
        Kind::Left => 5,
        Kind::Settings => 20,
        Kind::Role => 21,
        Kind::Edit => 6,
        Kind::Delete => 7,
        Kind::React => 8,
        Kind::Pin => 9,
        Kind::Other(word) => return Value::Text(word.to_string()),
    };
    Value::Integer(code)
}

pub(super) fn kind(value: ValueRef<'_>) -> Kind {
    match value {
        ValueRef::Integer(1) => Kind::Text,
        ValueRef::Integer(2) => Kind::Created,
        ValueRef::Integer(3) => Kind::Added,
        ValueRef::Integer(4) => Kind::Removed,
        ValueRef::Integer(5) => Kind::Left,
        ValueRef::Integer(20) => Kind::Settings,
        ValueRef::Integer(21) => Kind::Role,
        ValueRef::Integer(6) => Kind::Edit,
        ValueRef::Integer(7) => Kind::Delete,
        ValueRef::Integer(8) => Kind::React,
        ValueRef::Integer(9) => Kind::Pin,
        ValueRef::Text(word) => Kind::of(&String::from_utf8_lossy(word)),
        _ => Kind::Other("unknown".into()),
    }
}

/// Bytes of one span in a blob.
const SPAN_BYTES: usize = 32;

/// Spans as a blob. No log row is 0, so a `to_seq` of 0 stands for an open one.
pub(super) fn spans_blob(spans: &[Span]) -> Vec<u8> {
    let mut blob = Vec::with_capacity(spans.len() * SPAN_BYTES);
    for span in spans {
        let to = (span.to_seq.map_or(0, |seq| seq.0), span.to_ord.map_or(0, |ord| ord.0));
        for number in [span.from_seq.0, span.from_ord.0, to.0, to.1] {
            blob.extend_from_slice(&number.to_le_bytes());
        }
    }
    blob
}

pub(super) fn spans(blob: &[u8]) -> Outcome<Vec<Span>> {
    if !blob.len().is_multiple_of(SPAN_BYTES) {
        return Err(Problem::Damage("the spans of an inbox row are cut short"));
    }
    let read = |numbers: &[u8]| {
        let [from_seq, from_ord, to_seq, to_ord] = std::array::from_fn(|n| word(numbers, n));
        Span {
            from_seq: Seq(from_seq),
            from_ord: protocol::Ordinal(from_ord),
            to_seq: (to_seq > 0).then_some(Seq(to_seq)),
            to_ord: (to_seq > 0).then_some(protocol::Ordinal(to_ord)),
        }
    };
    Ok(blob.chunks_exact(SPAN_BYTES).map(read).collect())
}

/// Seqs as a blob, 8 bytes each.
pub(super) fn seqs_blob(seqs: &[Seq]) -> Vec<u8> {
    seqs.iter().flat_map(|seq| seq.0.to_le_bytes()).collect()
}

pub(super) fn seqs(blob: &[u8]) -> Vec<Seq> {
    (0..blob.len() / 8).map(|n| Seq(word(blob, n))).collect()
}

fn word(bytes: &[u8], n: usize) -> u64 {
    let mut word = [0; 8];
    word.copy_from_slice(&bytes[n * 8..n * 8 + 8]);
    u64::from_le_bytes(word)
}
