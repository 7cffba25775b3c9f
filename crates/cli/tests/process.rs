//! Whole processes: the real binary, real sockets, a real disk, and what happens to them.

#[path = "process/kill.rs"]
mod kill;
#[path = "process/served.rs"]
mod served;
#[path = "process/screen.rs"]
mod screen;
#[path = "process/terminal.rs"]
mod terminal;
#[path = "process/threads.rs"]
mod threads;
#[path = "process/typist.rs"]
mod typist;
#[path = "process/demo.rs"]
mod demo;
#[path = "process/texts.rs"]
mod texts;
#[path = "process/keeping.rs"]
mod keeping;
#[path = "process/reach.rs"]
mod reach;
#[path = "process/browser.rs"]
mod browser;
#[path = "process/joining.rs"]
mod joining;
#[path = "process/typing.rs"]
mod typing;
