//! `swarm`: many people at once against a server, and the verdict on what they were told.
//!
//! Read `main/arguments.rs` for what can be asked, `main/scene.rs` for how it is set up, `main/tell.rs` for what is
//! said at the end. The run itself is the library's: `swarm::run`.

#[path = "main/arguments.rs"]
mod arguments;
#[path = "main/scene.rs"]
mod scene;
#[path = "main/tell.rs"]
mod tell;

use arguments::Arguments;
use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return tell::wrong(&error.to_string()),
    };
    match runtime.block_on(scene::play(&arguments)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(says) => tell::wrong(&says),
    }
}
