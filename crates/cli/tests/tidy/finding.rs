//! What a rule finds, and the list of exceptions, which may only shrink.

use std::fmt;

/// One place that breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What an exception names: the file's path; for a direction the edge ("server: tail -> session"), for a promise
    /// its id, for a path in a document both ("README.md: docs/SPEC.md").
    pub subject: String,
    /// Where to look.
    pub path: String,
    /// From 1; 0 for the file as a whole.
    pub line: usize,
    /// What is wrong and what to do, as a sentence.
    pub advice: String,
}

impl Finding {
    /// A finding whose exception would name the file.
    pub fn in_file(path: &str, line: usize, advice: impl Into<String>) -> Finding {
        Finding {
            subject: path.into(),
            path: path.into(),
            line,
            advice: advice.into(),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Finding { path, line, advice, .. } = self;
        if *line == 0 {
            write!(f, "{path}: {advice}")
        } else {
            write!(f, "{path}:{line}: {advice}")
        }
    }
}

/// A place where a rule is known to be broken.
#[derive(Debug, Clone, Copy)]
pub struct Exception {
    /// The rule's name in `RULES`.
    pub rule: &'static str,
    /// The finding's subject.
    pub subject: &'static str,
    /// Why it is so, and what would end it.
    pub why: &'static str,
}

/// Take lines out; do not put lines in. A line whose place has become clean fails the test until it is taken out.
pub const EXCEPTIONS: &[Exception] = &[];

/// Fails on a finding that is no exception, and on an exception that nothing was found for.
pub fn verdict(rule: &str, findings: Vec<Finding>, exceptions: &[Exception]) -> Result<(), String> {
    let excused: Vec<&Exception> = exceptions.iter().filter(|exception| exception.rule == rule).collect();
    let mut report = String::new();
    for finding in &findings {
        if !excused.iter().any(|exception| exception.subject == finding.subject) {
            report.push_str(&format!("{finding}\n"));
        }
    }
    for exception in excused {
        if !findings.iter().any(|finding| finding.subject == exception.subject) {
            let Exception { subject, why, .. } = exception;
            report.push_str(&format!(
                "{subject} has become clean: take its exception ({rule}: {why}) out of EXCEPTIONS in {}.\n",
                file!()
            ));
        }
    }
    if report.is_empty() {
        Ok(())
    } else {
        Err(format!("{rule}:\n{report}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &[Exception] = &[Exception {
        rule: "r",
        subject: "a.rs",
        why: "old",
    }];

    #[test]
    fn a_finding_fails_unless_excused() {
        let finding = || vec![Finding::in_file("a.rs", 3, "Do better.")];
        assert!(verdict("r", finding(), &[]).unwrap_err().contains("a.rs:3: Do better."));
        assert_eq!(verdict("r", finding(), ONE), Ok(()));
        assert!(
            verdict("other", finding(), ONE).is_err(),
            "an exception excuses from its own rule only"
        );
    }

    #[test]
    fn an_exception_that_has_become_clean_fails() {
        assert!(
            verdict("r", Vec::new(), ONE)
                .unwrap_err()
                .contains("a.rs has become clean")
        );
    }
}
