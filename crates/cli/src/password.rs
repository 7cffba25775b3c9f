//! A password, asked for where nobody sees it: never an argument, because a machine shows its arguments to everybody.

use crate::Wrong;
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use std::io::{self, BufRead, IsTerminal, Write};

/// The variable that is used instead of asking.
pub const VARIABLE: &str = "TIDINGS_PASSWORD";

/// The password for `whose`: from the environment, from the terminal without echo, or the first line of what is piped
/// in. A new one is asked for twice at a terminal.
pub fn ask(whose: &str, new: bool) -> Result<String, Wrong> {
    if let Some(password) = std::env::var_os(VARIABLE) {
        return password
            .into_string()
            .map_err(|_| format!("{VARIABLE} is not UTF-8").into());
    }
    if !io::stdin().is_terminal() {
        let password = read_line()?;
        return password.ok_or_else(|| {
            format!("no password for {whose}: type it at a terminal, pipe it in as the first line, or set {VARIABLE}")
                .into()
        });
    }
    let silence = Silence::begin()?;
    let asked = ask_terminal(whose, new);
    drop(silence);
    asked
}

fn ask_terminal(whose: &str, new: bool) -> Result<String, Wrong> {
    let no_password = || "no password was typed";
    loop {
        let what = if new { "A new password" } else { "Password" };
        let password = ask_once(&format!("{what} for {whose}: "))?.ok_or_else(no_password)?;
        if !new {
            return Ok(password);
        }
        let least = protocol::limits::PASSWORD_BYTES_MIN;
        if password.len() < least {
            say(&format!("That is too short: at least {least} bytes.\n"))?;
            continue;
        }
        if ask_once("The same again: ")?.ok_or_else(no_password)? == password {
            return Ok(password);
        }
        say("They differ.\n")?;
    }
}

fn ask_once(prompt: &str) -> Result<Option<String>, Wrong> {
    say(prompt)?;
    let line = read_line()?;
    say("\n")?;
    Ok(line)
}

fn say(text: &str) -> io::Result<()> {
    let mut out = io::stderr().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

fn read_line() -> io::Result<Option<String>> {
    let mut line = String::new();
    let read = io::stdin().lock().read_line(&mut line)?;
    Ok((read > 0).then(|| line.trim_end_matches(['\n', '\r']).to_owned()))
}

/// While it lives, the terminal does not show what is typed.
struct Silence(Termios);

impl Silence {
    fn begin() -> io::Result<Self> {
        let before = tcgetattr(io::stdin())?;
        let mut silent = before.clone();
        silent.local_modes.remove(LocalModes::ECHO);
        tcsetattr(io::stdin(), OptionalActions::Flush, &silent)?;
        Ok(Self(before))
    }
}

impl Drop for Silence {
    fn drop(&mut self) {
        let _ = tcsetattr(io::stdin(), OptionalActions::Drain, &self.0);
    }
}
