//! What people want looked at, until somebody has.

use super::db::{self, Db};
use super::job::Outcome;
use super::work::Work;
use crate::error::Refused;
use crate::record::{NewReport, REPORTS_OPEN_MAX, Report};
use protocol::{ConversationId, SendId};

/// [`crate::Store::add_report`].
pub(super) fn add(work: &mut Work, report: &NewReport) -> Outcome<()> {
    let db = &work.db;
    let (reporter, send_id) = (report.reporter.as_bytes(), report.send_id.as_bytes());
    let known = db.first(
        "SELECT 1 FROM reports WHERE reporter = ?1 AND send_id = ?2",
        (reporter, send_id),
        |_| Ok(()),
    )?;
    if known.is_some() {
        return Ok(());
    }
    let open = db.first("SELECT count(*) FROM reports WHERE reporter = ?1", [reporter], |row| {
        db::number(row, 0)
    })?;
    if open.unwrap_or(0) >= REPORTS_OPEN_MAX as u64 {
        return Err(Refused::TooManyReports.into());
    }
    db.run(
        "INSERT INTO reports(reporter, send_id, user, conv, why, said, created_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        (
            reporter,
            send_id,
            report.user.as_bytes(),
            report.conv.as_bytes(),
            &report.why,
            &report.said,
            db::sql(work.pen.now_ms),
        ),
    )?;
    Ok(())
}

/// [`crate::Store::reports`].
pub(super) fn list(db: &Db, after: u64, limit: usize) -> Outcome<Vec<Report>> {
    db.all(
        "SELECT number, reporter, send_id, user, conv, why, said, created_ms FROM reports
         WHERE number > ?1 ORDER BY number LIMIT ?2",
        (db::sql(after), db::sql(limit as u64)),
        |row| {
            Ok(Report {
                number: db::number(row, 0)?,
                created_ms: db::number(row, 7)?,
                report: NewReport {
                    reporter: db::user_id(row, 1)?,
                    send_id: SendId::from_bytes(row.get(2)?),
                    user: db::user_id(row, 3)?,
                    conv: ConversationId::from_bytes(row.get(4)?),
                    why: row.get(5)?,
                    said: row.get(6)?,
                },
            })
        },
    )
}

/// [`crate::Store::close_report`].
pub(super) fn close(work: &mut Work, number: u64) -> Outcome<bool> {
    let closed = work
        .db
        .run("DELETE FROM reports WHERE number = ?1", [db::sql(number)])?;
    Ok(closed > 0)
}
