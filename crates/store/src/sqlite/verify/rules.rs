//! What must hold between the tables. Each rule is one query for the rows that break it.
//!
//! The tables and columns here are those of the first schema, so that a backup of any version can be looked at.

use super::super::db;
use super::Verified;
use crate::backup::Progress;
use rusqlite::Connection;

/// A rule: what is wrong where it is broken, and the query that finds the local numbers of where.
struct Rule {
    says: &'static str,
    of: &'static str,
    sql: &'static str,
}

/// The head of the log of `$conv`.
macro_rules! head {
    ($conv:literal) => {
        concat!(
            "coalesce((SELECT max(l.id) & 4294967295 FROM log l WHERE l.id BETWEEN ",
            $conv,
            " << 32 AND (",
            $conv,
            " << 32) | 4294967295), 0)"
        )
    };
}

const RULES: &[Rule] = &[
    Rule {
        says: "has no entries",
        of: "conversation",
        sql: "SELECT c.conv FROM conversations c
              WHERE NOT EXISTS (SELECT 1 FROM log l WHERE l.id BETWEEN c.conv << 32 AND (c.conv << 32) | 4294967295)",
    },
    Rule {
        says: "has no id",
        of: "conversation",
        sql: "SELECT c.conv FROM conversations c
              WHERE NOT EXISTS (SELECT 1 FROM conversation_numbers n WHERE n.number = c.conv)",
    },
    Rule {
        says: "has an entry whose sender is nobody",
        of: "conversation",
        sql: "SELECT l.id >> 32 FROM log l WHERE NOT EXISTS (SELECT 1 FROM user_numbers n WHERE n.number = l.sender)",
    },
    Rule {
        says: "has a send that points at no entry",
        of: "conversation",
        sql: "SELECT s.conv FROM sends s WHERE NOT EXISTS (SELECT 1 FROM log l WHERE l.id = (s.conv << 32) | s.seq)",
    },
    Rule {
        says: "has a message that no send names: a retry would write it twice",
        of: "conversation",
        sql: "SELECT l.id >> 32 FROM log l WHERE l.kind = 1 AND NOT EXISTS
                (SELECT 1 FROM sends s WHERE s.send_id = l.send_id AND s.conv = l.id >> 32 AND s.sender = l.sender
                 AND s.seq = l.id & 4294967295)",
    },
    Rule {
        says: "has a span that ends before it begins, or only half ends",
        of: "conversation",
        sql: "SELECT conv FROM spans WHERE from_seq < 1 OR to_seq < from_seq OR to_ord < from_ord
              OR (to_seq IS NULL) <> (to_ord IS NULL)",
    },
    Rule {
        says: "has a span beyond its log",
        of: "conversation",
        sql: concat!(
            "SELECT s.conv FROM spans s WHERE max(s.from_seq, coalesce(s.to_seq, 0)) > ",
            head!("s.conv")
        ),
    },
    Rule {
        says: "has two spans of one person that overlap",
        of: "conversation",
        sql: "SELECT s.conv FROM spans s WHERE EXISTS (SELECT 1 FROM spans o WHERE o.conv = s.conv AND o.user = s.user
                AND o.from_seq > s.from_seq AND (s.to_seq IS NULL OR s.to_seq >= o.from_seq))",
    },
    Rule {
        says: "has a span whose ords are not those of its entries",
        of: "conversation",
        sql: "SELECT s.conv FROM spans s
              WHERE (s.from_seq = 1 AND s.from_ord <> 0)
              OR s.from_ord <> (SELECT l.ord FROM log l WHERE s.from_seq > 1 AND l.id = (s.conv << 32) | s.from_seq - 1)
              OR s.to_ord <> (SELECT l.ord FROM log l WHERE l.id = (s.conv << 32) | s.to_seq)",
    },
    Rule {
        says: "has a member who may read nothing",
        of: "conversation",
        sql: "SELECT m.conv FROM members m WHERE m.role IS NOT NULL AND NOT EXISTS
                (SELECT 1 FROM spans s WHERE s.conv = m.conv AND s.user = m.user AND s.to_seq IS NULL)",
    },
    Rule {
        says: "has a cursor beyond its log",
        of: "conversation",
        sql: concat!(
            "SELECT m.conv FROM members m WHERE max(m.delivered, m.read, m.mine) > ",
            head!("m.conv")
        ),
    },
    Rule {
        says: "has an inbox that knows more than the log",
        of: "conversation",
        sql: concat!(
            "SELECT i.id & 4294967295 FROM inbox i WHERE max(i.head_seq, i.read_seq) > ",
            head!("(i.id & 4294967295)")
        ),
    },
    Rule {
        says: "has an inbox row above the version of the inbox",
        of: "person",
        sql: "SELECT i.user FROM inbox i
              WHERE i.ver > coalesce((SELECT h.ver FROM user_heads h WHERE h.user = i.user), 0)",
    },
    Rule {
        says: "has an account and no id",
        of: "person",
        sql: "SELECT u.user FROM users u WHERE NOT EXISTS (SELECT 1 FROM user_numbers n WHERE n.number = u.user)",
    },
    Rule {
        says: "has a device and no account",
        of: "person",
        sql: "SELECT d.user FROM devices d WHERE NOT EXISTS (SELECT 1 FROM users u WHERE u.user = d.user)",
    },
];

/// Conversations with an inbox that is behind, and nothing that would bring it up to date. No fault of a copy: the next
/// entry mends it.
const FORGOTTEN: &str = concat!(
    "SELECT count(DISTINCT m.conv) FROM members m JOIN inbox i ON i.id = (m.user << 32) | m.conv
     WHERE m.role IS NOT NULL AND NOT EXISTS (SELECT 1 FROM fanout f WHERE f.conv = m.conv)
     AND (SELECT count(*) FROM members o WHERE o.conv = m.conv AND o.role IS NOT NULL) <= 256
     AND i.head_seq < ",
    head!("m.conv")
);

/// Looks for rows that break a rule, and counts.
pub(super) fn hold(conn: &Connection, verified: &mut Verified, _: &Progress) -> rusqlite::Result<()> {
    for rule in RULES {
        let mut statement = conn.prepare(rule.sql)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let number: i64 = row.get(0)?;
            verified.fault(format!("{} {number} {}", rule.of, rule.says));
        }
    }
    let count = |sql: &str| conn.query_row(sql, [], |row| db::number(row, 0));
    let counts = &mut verified.counts;
    counts.people = count("SELECT count(*) FROM users")?;
    counts.devices = count("SELECT count(*) FROM devices")?;
    counts.conversations = count("SELECT count(*) FROM conversations")?;
    counts.inbox_rows = count("SELECT count(*) FROM inbox")?;
    let forgotten = count(FORGOTTEN)?;
    if forgotten > 0 {
        let remark = format!("in {forgotten} conversations an inbox waits for the next message to be up to date");
        verified.remarks.push(remark);
    }
    Ok(())
}
