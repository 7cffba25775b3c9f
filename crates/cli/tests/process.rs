//! Whole processes: the real binary, real sockets, a real disk, and what happens to them.

#[path = "process/crowd.rs"]
mod crowd;
#[path = "process/kill.rs"]
mod kill;
#[path = "process/probe.rs"]
mod probe;
#[path = "process/scissors.rs"]
mod scissors;
#[path = "process/served.rs"]
mod served;
#[path = "process/screen.rs"]
mod screen;
#[path = "process/terminal.rs"]
mod terminal;
#[path = "process/typist.rs"]
mod typist;
#[path = "process/texts.rs"]
mod texts;
#[path = "process/verdict.rs"]
mod verdict;
