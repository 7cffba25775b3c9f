//! The store's tests, one binary: the contract that every engine keeps, and random scripts that compare two.

#[path = "all/contract/mod.rs"]
mod contract;
#[path = "all/plan/mod.rs"]
mod plan;
#[path = "all/scene.rs"]
mod scene;
#[path = "all/sqlite/mod.rs"]
mod sqlite;
