//! The seal of a backup: a few lines behind the last page that say how long the database is and what its SHA-256 is.
//!
//! SQLite passes them over, so that the file still opens with every tool. Without them a byte that changed inside of
//! somebody's words would never be noticed: the database's own checks look at its structure only.

use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;

const MARK: &str = "\nTIDINGS-BACKUP 1\n";
/// Bytes of a seal: the mark, `bytes` with 20 digits, `sha256` with 64.
pub(in super::super) const SEAL_BYTES: usize = MARK.len() + 27 + 72;
/// Bytes read at once.
const CHUNK_BYTES: usize = 256 * 1_024;

/// What a seal says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) struct Seal {
    /// The length of what is sealed.
    pub(in super::super) bytes: u64,
    /// Its SHA-256.
    pub(in super::super) sha256: [u8; 32],
}

impl Seal {
    pub(super) fn to_bytes(self) -> Vec<u8> {
        let mut text = format!("{MARK}bytes {:020}\nsha256 ", self.bytes);
        for byte in self.sha256 {
            let _ = write!(text, "{byte:02x}");
        }
        text.push('\n');
        text.into_bytes()
    }

    /// The seal at the end of a file, if there is one and it is of this file's length.
    pub(in super::super) fn of(file: &File) -> io::Result<Option<Self>> {
        let all_bytes = file.metadata()?.len();
        let Some(bytes) = all_bytes.checked_sub(SEAL_BYTES as u64) else {
            return Ok(None);
        };
        let mut text = [0; SEAL_BYTES];
        file.read_exact_at(&mut text, bytes)?;
        Ok(parse(&text).filter(|seal| seal.bytes == bytes))
    }
}

fn parse(text: &[u8]) -> Option<Seal> {
    let rest = std::str::from_utf8(text).ok()?.strip_prefix(MARK)?;
    let (bytes, rest) = rest.strip_prefix("bytes ")?.split_once('\n')?;
    let digits = rest.strip_prefix("sha256 ")?.strip_suffix('\n')?;
    let mut sha256 = [0; 32];
    if digits.len() != 64 {
        return None;
    }
    for (at, byte) in sha256.iter_mut().enumerate() {
        *byte = u8::from_str_radix(digits.get(at * 2..at * 2 + 2)?, 16).ok()?;
    }
    let bytes = bytes.parse().ok()?;
    // Each seal has one spelling: a capital among the digits is a byte that changed.
    Some(Seal { bytes, sha256 }).filter(|seal| seal.to_bytes() == text)
}

/// Counts and digests what goes by.
#[derive(Default)]
pub(in super::super) struct Digesting {
    bytes: u64,
    sha256: Sha256,
}

impl Digesting {
    pub(in super::super) fn take(&mut self, bytes: &[u8]) {
        self.bytes += bytes.len() as u64;
        self.sha256.update(bytes);
    }

    pub(in super::super) fn seal(self) -> Seal {
        Seal {
            bytes: self.bytes,
            sha256: self.sha256.finalize().into(),
        }
    }
}

/// Reads up to so many bytes, piece by piece.
pub(in super::super) fn read_bytes(
    mut from: impl Read,
    bytes_max: u64,
    mut take: impl FnMut(&[u8]) -> io::Result<()>,
) -> io::Result<()> {
    let mut chunk = vec![0; CHUNK_BYTES];
    let mut left = bytes_max;
    while left > 0 {
        let want = usize::try_from(left).map_or(CHUNK_BYTES, |left| left.min(CHUNK_BYTES));
        let got = match from.read(&mut chunk[..want]) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            got => got?,
        };
        if got == 0 {
            return Ok(());
        }
        take(&chunk[..got])?;
        left -= got as u64;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seal_is_read_as_it_was_written_and_no_other_text_is_one() {
        let seal = Seal {
            bytes: 4_096,
            sha256: std::array::from_fn(|n| n as u8 * 7),
        };
        let text = seal.to_bytes();
        assert_eq!(text.len(), SEAL_BYTES);
        assert_eq!(parse(&text), Some(seal));
        for at in 0..text.len() {
            let mut other = text.clone();
            other[at] ^= 0x20;
            assert_eq!(parse(&other), None, "byte {at}");
        }
    }
}
