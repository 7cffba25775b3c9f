//! Places: in a conversation's log, in a person's inbox, in a device's mailbox.
//!
//! All are whole numbers below 2^53, so that a browser holds them exactly, and all start at 1: 0 means "before the
//! first".

use serde::{Deserialize, Serialize};
use std::fmt;

/// The largest place there can be: the largest whole number that a browser holds exactly. A frame that names a larger
/// one is malformed, so that nothing behind the wire has to think about overflow.
pub const POSITION_MAX: u64 = (1 << 53) - 1;

/// Reads a whole number that is at most [`POSITION_MAX`].
fn place<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    let number = u64::deserialize(deserializer)?;
    if number > POSITION_MAX {
        let found = serde::de::Unexpected::Unsigned(number);
        return Err(serde::de::Error::invalid_value(found, &"a whole number below 2^53"));
    }
    Ok(number)
}

macro_rules! position {
    ($(#[doc = $doc:literal])* $name:ident) => {
        $(#[doc = $doc])*
        #[derive(
            Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
        )]
        #[serde(transparent)]
        pub struct $name(#[serde(deserialize_with = "place")] pub u64);

        impl $name {
            /// Before the first.
            pub const ZERO: Self = Self(0);

            /// The place after this one.
            #[must_use]
            pub const fn next(self) -> Self {
                Self(self.0.saturating_add(1))
            }

            /// The place before this one, or [`Self::ZERO`].
            #[must_use]
            pub const fn prev(self) -> Self {
                Self(self.0.saturating_sub(1))
            }
        }

        #[cfg(feature = "openapi")]
        crate::schema::named!($name, crate::schema::place(concat!($($doc),*)));

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

position!(
    /// An entry's place in its conversation's log: 1, 2, 3 … without a gap, in commit order, below 2^32.
    Seq
);
position!(
    /// How many *messages* a log holds up to and with an entry; edits, reactions and system entries do not count.
    /// Unread is a difference of two of these.
    Ordinal
);
position!(
    /// How many changes a person's inbox has seen. One more for each change of one row; rows are compacted.
    Ver
);
position!(
    /// A thing's place in one device's mailbox.
    DeviceSeq
);
position!(
    /// How often somebody has marked a conversation unread: a read cursor of an older generation moves only the
    /// public receipt.
    Generation
);
