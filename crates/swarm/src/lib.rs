//! Many people at once: a plan that can be replayed, the devices that carry it out, the history of what they were told,
//! and the verdict on it.
//!
//! Read it in this order: [`plan`] says who does what and when, one file a verb. [`crowd`] carries it out with the real
//! client, in a [`world`] that gives streams and time: TCP to a real server, or a simulated network. Everything that
//! happens goes into the [`history`], and [`verdict`] reads nothing else. [`report`] shows what came out.
//! Beside them: [`wire`] makes bad connections, [`ear`] hears what a session is really told, [`served`] is a server
//! process, [`counted`] reads its metrics; [`run`] puts all of it together for one run at a real server.

pub mod counted;
pub mod crowd;
pub mod ear;
pub mod history;
pub mod plan;
pub mod report;
pub mod run;
pub mod served;
pub mod verdict;
pub mod wire;
pub mod world;
