//! The verdict, tried on histories that are known to be good, and on the same spoiled in one way.

#[path = "all/story.rs"]
mod story;
#[path = "all/good.rs"]
mod good;
#[path = "all/logs.rs"]
mod logs;
#[path = "all/telling.rs"]
mod telling;
#[path = "all/run.rs"]
mod run;
#[path = "all/changes.rs"]
mod changes;
#[path = "all/drafts.rs"]
mod drafts;
#[path = "all/shunned.rs"]
mod shunned;
#[path = "all/everywhere.rs"]
mod everywhere;
#[path = "all/links.rs"]
mod links;
#[path = "all/rights.rs"]
mod rights;
