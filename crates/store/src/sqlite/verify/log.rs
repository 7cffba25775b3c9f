//! One walk over all logs: are the seqs gap-free from floor to head, do the ords count the messages, do times and ids
//! go forward?

use super::super::db;
use super::super::threads::IN_THREAD;
use super::Verified;
use crate::backup::Progress;
use protocol::MessageId;
use rusqlite::Connection;

/// Entries between two reports of progress.
const REPORT_ENTRIES: u64 = 4_096;

/// The entry before, within one log.
#[derive(Clone, Copy)]
struct Before {
    conv: i64,
    seq: u64,
    ord: u64,
    created_ms: u64,
    id: MessageId,
}

/// Walks over every entry of every log.
pub(super) fn walk(conn: &Connection, verified: &mut Verified, progress: &Progress) -> rusqlite::Result<()> {
    let mut floors = conn.prepare("SELECT floor_seq FROM conversations WHERE conv = ?1")?;
    let mut statement = conn.prepare("SELECT id, ord, kind, flags, created_ms, message_id FROM log ORDER BY id")?;
    let mut rows = statement.query([])?;
    let mut before: Option<Before> = None;
    while let Some(row) = rows.next()? {
        let id: i64 = row.get(0)?;
        let now = Before {
            conv: id >> db::SEQ_BITS,
            seq: db::seq_of(id).0,
            ord: db::number(row, 1)?,
            created_ms: db::number(row, 4)?,
            id: MessageId::from_bytes(row.get(5)?),
        };
        // A tombstone keeps its ord and may have lost its kind. What is in a thread is counted there.
        let flags: i64 = row.get(3)?;
        let is_reply = flags & IN_THREAD != 0;
        let counts = (flags & 1 == 0).then(|| !is_reply && db::kind(row.get_ref_unwrap(2)).counts());
        match before.filter(|before| before.conv == now.conv) {
            Some(before) => follows(verified, before, now, counts),
            None => {
                let floor = floors.query_row([now.conv], |row| db::number(row, 0));
                begins(verified, now, floor.ok(), counts);
            }
        }
        verified.counts.entries += 1;
        if counts == Some(true) {
            verified.counts.messages += 1;
        }
        if verified.counts.entries.is_multiple_of(REPORT_ENTRIES) {
            progress.set(verified.counts.entries, verified.counts.entries);
        }
        before = Some(now);
    }
    Ok(())
}

fn begins(verified: &mut Verified, now: Before, floor: Option<u64>, counts: Option<bool>) {
    let Before { conv, seq, ord, .. } = now;
    match floor {
        None => verified.fault(format!("conversation {conv} has a log and is not there")),
        Some(floor) if floor != seq => {
            verified.fault(format!(
                "the log of conversation {conv} begins at seq {seq}, not at its floor {floor}"
            ));
        }
        // What lies below the floor was counted too.
        Some(1) if counts.is_some_and(|counts| ord != u64::from(counts)) => {
            verified.fault(format!("entry 1 of conversation {conv} has ord {ord}"));
        }
        Some(_) => {}
    }
}

fn follows(verified: &mut Verified, before: Before, now: Before, counts: Option<bool>) {
    let Before { conv, seq, ord, .. } = now;
    if seq != before.seq + 1 {
        verified.fault(format!(
            "the log of conversation {conv} goes from seq {} to {seq}",
            before.seq
        ));
    }
    let step = ord.checked_sub(before.ord);
    let fits = match counts {
        Some(counts) => step == Some(u64::from(counts)),
        None => step.is_some_and(|step| step <= 1),
    };
    if !fits {
        verified.fault(format!(
            "entry {seq} of conversation {conv} has ord {ord} after ord {}",
            before.ord
        ));
    }
    if now.created_ms < before.created_ms || now.id <= before.id {
        verified.fault(format!(
            "entry {seq} of conversation {conv} is older than the one before it"
        ));
    }
}
