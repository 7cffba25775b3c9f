//! The tests of this crate from outside, in one binary.

#[path = "all/listen.rs"]
mod listen;
#[path = "all/socket.rs"]
mod socket;
#[path = "all/harness.rs"]
mod harness;
#[path = "all/send.rs"]
mod send;
#[path = "all/account.rs"]
mod account;
#[path = "all/admin.rs"]
mod admin;
#[path = "all/low_disk.rs"]
mod low_disk;
#[path = "all/front.rs"]
mod front;
#[path = "all/site.rs"]
mod site;
#[path = "all/typescript.rs"]
mod typescript;
#[path = "all/http.rs"]
mod http;
#[path = "all/rest.rs"]
mod rest;
#[path = "all/browser.rs"]
mod browser;
#[path = "all/poll.rs"]
mod poll;
#[path = "all/openapi.rs"]
mod openapi;
#[path = "all/frames.rs"]
mod frames;
#[path = "all/create.rs"]
mod create;
#[path = "all/roster.rs"]
mod roster;
#[path = "all/groups.rs"]
mod groups;
#[path = "all/access.rs"]
mod access;
#[path = "all/access_pair.rs"]
mod access_pair;
#[path = "all/history.rs"]
mod history;
#[path = "all/cursors.rs"]
mod cursors;
#[path = "all/own.rs"]
mod own;
#[path = "all/resume.rs"]
mod resume;
#[path = "all/people.rs"]
mod people;
#[path = "all/presence.rs"]
mod presence;
#[path = "all/drain.rs"]
mod drain;
#[path = "all/revoke.rs"]
mod revoke;
#[path = "all/held.rs"]
mod held;
#[path = "all/threads.rs"]
mod threads;
#[path = "all/slow.rs"]
mod slow;
#[path = "all/converge.rs"]
mod converge;
#[path = "all/garbage.rs"]
mod garbage;
#[path = "all/watch.rs"]
mod watch;
