//! The wire as a promise: every frame snapshotted, every frame ever shipped still read, the document held to the code,
//! and hostile text.

#[path = "all/client_examples.rs"]
mod client_examples;
#[path = "all/document.rs"]
mod document;
#[path = "all/draw.rs"]
mod draw;
#[path = "all/frames.rs"]
mod frames;
#[path = "all/golden.rs"]
mod golden;
#[path = "all/hostile.rs"]
mod hostile;
#[path = "all/server_examples.rs"]
mod server_examples;
#[path = "all/tables.rs"]
mod tables;
