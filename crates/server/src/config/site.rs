//! The web app as this binary carries it: files that `make web` made, each with its copies that are compressed already.

/// One file of the web app.
#[derive(Clone, Copy, Debug)]
pub struct Asset {
    /// Where it is asked for: `/assets/app-3f9c.js`. The page itself is `/`.
    pub path: &'static str,
    /// Its media type.
    pub media: &'static str,
    /// Changes when the file does; goes into its `ETag`.
    pub tag: &'static str,
    /// Its name has a hash of what is in it, so that a browser may keep it for ever.
    pub hashed: bool,
    /// The file.
    pub plain: &'static [u8],
    /// The same by gzip (RFC 1952), if that is smaller.
    pub gzip: Option<&'static [u8]>,
    /// The same by Brotli (RFC 7932), if that is smaller.
    pub brotli: Option<&'static [u8]>,
}

/// Every file of the web app; none where it was not built.
pub type Site = &'static [Asset];
