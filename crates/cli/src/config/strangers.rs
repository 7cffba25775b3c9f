//! Variables that look like ours and are none: a typing mistake would else be obeyed by nobody, and told to nobody.

use super::settings::{SETTINGS, Setting};

/// What all our variables begin with.
const PREFIX: &str = "TIDINGS_";
/// Variables of the other commands, which a shell may well have set.
const OTHERS: &[&str] = &["HOME", "PROFILE", "SERVER", "PASSWORD", "CA", "MUTANT"];
/// So many are told, and of each so many letters: whoever sets variables sets them all.
const TOLD_MAX: usize = 10;
const LETTERS_MAX: usize = 64;

/// A sentence for each variable of the environment that begins as ours do and that nobody reads. They are told and not
/// refused: whatever starts the server may set some of its own (Kubernetes sets `TIDINGS_PORT` for a service
/// `tidings`).
pub fn strangers() -> Vec<String> {
    let names = std::env::vars_os().map(|(name, _)| name.to_string_lossy().into_owned());
    among(names)
}

fn among(names: impl Iterator<Item = String>) -> Vec<String> {
    let known = |rest: &str| {
        OTHERS.contains(&rest)
            || SETTINGS
                .iter()
                .any(|setting| setting.variable().strip_prefix(PREFIX) == Some(rest))
    };
    let mut strangers: Vec<String> = names
        .filter_map(|name| name.strip_prefix(PREFIX).map(str::to_owned))
        .filter(|rest| !known(rest))
        .collect();
    strangers.sort();
    strangers.truncate(TOLD_MAX);
    strangers.iter().map(|rest| sentence(rest)).collect()
}

fn sentence(rest: &str) -> String {
    let name = crate::safe::cut(&format!("{PREFIX}{rest}"), LETTERS_MAX);
    match Setting::like(rest) {
        Some(setting) => format!("the variable {name} sets nothing. Is {} meant?", setting.variable()),
        None => format!("the variable {name} sets nothing; `tidings config` prints what can be set"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// CFG2: a variable that nobody reads is told, with the one that may be meant; ours and others' are not.
    #[test]
    fn a_variable_that_nobody_reads_is_told() {
        let names = [
            "PATH",
            "TIDINGS_LISTEN",
            "TIDINGS_HOME",
            "TIDINGS_LISTN",
            "TIDINGS_QWERTY",
            "TIDINGS_DISK_FREE_MIN_MIB",
        ];
        let told = among(names.iter().map(|name| (*name).to_owned()));
        assert_eq!(
            told,
            [
                "the variable TIDINGS_LISTN sets nothing. Is TIDINGS_LISTEN meant?",
                "the variable TIDINGS_QWERTY sets nothing; `tidings config` prints what can be set",
            ]
        );
    }
}
