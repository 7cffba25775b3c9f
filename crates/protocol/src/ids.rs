//! Names of things: 128-bit ids, one type for each kind of thing, written as hyphenated lower-case UUIDs.
//!
//! None of them carries meaning that a client may rely on. Users and group conversations are random, so that their top
//! bits spread evenly over buckets; a 1:1 conversation's id is derived from its two people, so that creating it twice
//! is one conversation; message ids are time-ordered (UUIDv7) and minted by the server only.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt;
use std::str::FromStr;
use uuid::Uuid;

macro_rules! id {
    ($(#[doc = $doc:literal])* $name:ident) => {
        $(#[doc = $doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// The id whose sixteen bytes are these.
            #[must_use]
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(Uuid::from_bytes(bytes))
            }

            /// A random (version 4) id out of sixteen random bytes that the caller hands in.
            #[must_use]
            pub const fn from_random(bytes: [u8; 16]) -> Self {
                Self(uuid::Builder::from_random_bytes(bytes).into_uuid())
            }

            /// The sixteen bytes of this id.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }
        }

        #[cfg(feature = "openapi")]
        crate::schema::named!($name, crate::schema::id(concat!($($doc),*)));

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0.hyphenated())
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::try_parse(text).map(Self)
            }
        }
    };
}

id!(
    /// A person (or a bot) with an account.
    UserId
);
id!(
    /// One device or program of a person: what a token belongs to, and what receipts are counted for.
    DeviceId
);
id!(
    /// A conversation: a 1:1, a group or a channel.
    ConversationId
);
id!(
    /// One entry of a log, for links and media. Minted by the server (UUIDv7), never backwards within a conversation.
    MessageId
);
id!(
    /// The name a client gives to one change it asks for, so that a retry is recognised. Best a UUIDv7.
    SendId
);
id!(
    /// One connection of one device, for as long as it lives.
    SessionId
);
id!(
    /// The lineage of a store. A restored backup has another one; positions of two epochs must never be compared.
    Epoch
);

impl ConversationId {
    /// The id of the 1:1 conversation of two people, the same whichever of them asks.
    #[must_use]
    pub fn direct(one: UserId, other: UserId) -> Self {
        let (low, high) = if one <= other { (one, other) } else { (other, one) };
        Self(derived("tidings direct", low.as_bytes(), high.as_bytes()))
    }

    /// The id of the group that `creator` makes with the change named `send_id`: a retry finds the group it made.
    #[must_use]
    pub fn group(creator: UserId, send_id: SendId) -> Self {
        Self(derived("tidings group", creator.as_bytes(), send_id.as_bytes()))
    }
}

/// A version 8 UUID (RFC 9562 §5.8) over the SHA-256 of a purpose and two ids.
fn derived(purpose: &str, first: &[u8; 16], second: &[u8; 16]) -> Uuid {
    let hash = Sha256::new()
        .chain_update(purpose)
        .chain_update(first)
        .chain_update(second)
        .finalize();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_direct_conversation_has_one_id_from_both_sides() {
        let (ann, bob) = (UserId::from_random([1; 16]), UserId::from_random([2; 16]));
        assert_eq!(ConversationId::direct(ann, bob), ConversationId::direct(bob, ann));
        assert_ne!(ConversationId::direct(ann, bob), ConversationId::direct(ann, ann));
        assert_eq!(ConversationId::direct(ann, bob).0.get_version_num(), 8);
        // A stranger's client computes the same id from PROTOCOL.md: this value is part of the wire.
        assert_eq!(
            ConversationId::direct(ann, bob).to_string(),
            "284da767-c3df-8a7b-a28d-4d8a5ac4f4d6"
        );
    }
}
