//! The web app, as it was when this binary was built.

use server::config::Site;

/// Its files; none where it was not built.
pub const SITE: Site = include!(concat!(env!("OUT_DIR"), "/site.rs"));
