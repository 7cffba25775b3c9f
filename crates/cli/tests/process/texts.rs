//! What the program says about itself, held fast: a change of these texts is seen in a review.

use std::process::Command;

fn help_of(words: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tidings"));
    command.args(words).arg("--help").env_clear().env("COLUMNS", "100");
    let output = command.output().expect("it runs");
    assert!(output.status.success());
    String::from_utf8(output.stdout).expect("UTF-8")
}

#[test]
fn help_teaches() {
    let commands: &[&[&str]] = &[
        &[],
        &["serve"],
        &["config"],
        &["doctor"],
        &["chat"],
        &["send"],
        &["tail"],
        &["sign-up"],
        &["sign-in"],
        &["sign-out"],
        &["devices"],
        &["demo"],
        &["admin"],
        &["admin", "invite"],
    ];
    for words in commands {
        let name = format!("help_{}", [&["tidings"], *words].concat().join("_"));
        insta::assert_snapshot!(name, help_of(words));
    }
}

/// OBS1: whoever runs a server finds every flag of it, and its variable, in the manual.
#[test]
fn obs1_the_manual_names_every_flag() {
    let manual = include_str!("../../../../docs/OPERATING.md");
    let help = help_of(&["serve"]);
    let flags = help.split_whitespace().filter(|word| word.starts_with("--"));
    let variables = help
        .split("[env: ")
        .skip(1)
        .filter_map(|rest| rest.split(['=', ']']).next());
    let told: Vec<&str> = flags.chain(variables).collect();
    assert!(told.len() > 15, "{told:?}");
    for word in told.into_iter().filter(|word| !matches!(*word, "--help" | "--version")) {
        let word = word
            .split('[')
            .next()
            .unwrap_or_default()
            .trim_end_matches([',', '.', '`']);
        assert!(
            manual.contains(&format!("`{word}`")),
            "docs/OPERATING.md does not tell {word}"
        );
    }
}
