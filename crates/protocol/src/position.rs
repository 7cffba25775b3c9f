//! Places: in a conversation's log, in a person's inbox, in a device's mailbox.
//!
//! All are whole numbers below 2^53, so that a browser holds them exactly, and all start at 1: 0 means "before the first".

use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! position {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
        )]
        #[serde(transparent)]
        pub struct $name(pub u64);

        impl $name {
            /// Before the first.
            pub const ZERO: Self = Self(0);

            /// The place after this one.
            #[must_use]
            pub const fn next(self) -> Self {
                Self(self.0 + 1)
            }

            /// The place before this one, or [`Self::ZERO`].
            #[must_use]
            pub const fn prev(self) -> Self {
                Self(self.0.saturating_sub(1))
            }
        }

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
