//! What was found: each thing with how it is, what it is, and what to do.

use std::fmt::Write as _;

/// How a thing is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// As it should be.
    Ok,
    /// It works, and may not for long, or not for everybody.
    Warning,
    /// The server does not work like this, or loses something.
    Wrong,
}

impl State {
    fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Wrong => "wrong",
        }
    }
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What was looked at.
    pub what: &'static str,
    /// How it is.
    pub state: State,
    /// What was found.
    pub found: String,
    /// What to do; empty where nothing is to be done.
    pub advice: String,
}

impl Finding {
    /// As it should be.
    pub fn ok(what: &'static str, found: impl Into<String>) -> Self {
        Self::new(what, State::Ok, found, "")
    }

    /// Worth a look.
    pub fn warning(what: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self::new(what, State::Warning, found, advice)
    }

    /// Not as it should be.
    pub fn wrong(what: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self::new(what, State::Wrong, found, advice)
    }

    fn new(what: &'static str, state: State, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self {
            what,
            state,
            found: found.into(),
            advice: advice.into(),
        }
    }
}

/// For people: a line each, and what to do below it.
pub fn as_text(findings: &[Finding]) -> String {
    let mut text = String::new();
    for Finding {
        what,
        state,
        found,
        advice,
    } in findings
    {
        let _ = writeln!(text, "{:<8} {what:<12} {}", state.word(), crate::safe::line(found));
        if !advice.is_empty() {
            let _ = writeln!(text, "{:<8} {:<12} -> {}", "", "", crate::safe::line(advice));
        }
    }
    text
}

/// For programs: one object.
pub fn as_json(findings: &[Finding]) -> String {
    let list: Vec<serde_json::Value> = findings
        .iter()
        .map(|one| {
            serde_json::json!({
                "what": one.what, "state": one.state.word(), "found": one.found, "advice": one.advice,
            })
        })
        .collect();
    let wrong = findings.iter().any(|one| one.state == State::Wrong);
    format!("{}\n", serde_json::json!({ "good": !wrong, "findings": list }))
}
