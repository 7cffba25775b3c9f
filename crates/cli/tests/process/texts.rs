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
        &["chat"],
        &["send"],
        &["tail"],
        &["sign-up"],
        &["sign-in"],
        &["sign-out"],
        &["devices"],
        &["admin"],
        &["admin", "invite"],
    ];
    for words in commands {
        let name = format!("help_{}", [&["tidings"], *words].concat().join("_"));
        insta::assert_snapshot!(name, help_of(words));
    }
}
