//! To come.
pub struct Handle;
