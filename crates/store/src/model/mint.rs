//! Message ids: UUIDv7 (RFC 9562 §5.7) out of a time and chance that were handed in, never backwards within a log.

use protocol::MessageId;

/// Random bits below the time: 12 beside the version and 62 beside the variant.
const RANDOM_BITS: u32 = 74;

/// A small seeded generator (SplitMix64): nothing here is a secret.
pub(super) struct Chance(u64);

impl Chance {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// The id of an entry of this time that follows `last` in its log. The time is not below that of `last`.
    pub(super) fn message_id(&mut self, ms: u64, last: Option<MessageId>) -> MessageId {
        // The highest bit stays free, so that counting up within a millisecond does not run over.
        let random = ((u128::from(self.next()) << 64) | u128::from(self.next())) >> (128 - RANDOM_BITS + 1);
        match last.map(parts) {
            Some((last_ms, last_random)) if last_ms >= ms => id(last_ms, last_random + 1),
            _ => id(ms, random),
        }
    }
}

fn id(ms: u64, random: u128) -> MessageId {
    let high = (u128::from(ms) << 80) | (7 << 76) | ((random >> 62) << 64);
    let low = (0b10 << 62) | (random & ((1 << 62) - 1));
    MessageId::from_bytes((high | low).to_be_bytes())
}

fn parts(id: MessageId) -> (u64, u128) {
    let bits = u128::from_be_bytes(*id.as_bytes());
    let ms = (bits >> 80) as u64;
    let random = (((bits >> 64) & 0xfff) << 62) | (bits & ((1 << 62) - 1));
    (ms, random)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_a_version_7_and_follows_the_last_within_a_millisecond() {
        let mut chance = Chance::new(7);
        let mut last = None;
        for ms in [5, 5, 5, 6, 6, 9] {
            let id = chance.message_id(ms, last);
            assert_eq!((id.0.get_version_num(), parts(id).0), (7, ms));
            assert_eq!(id.0.get_variant(), uuid::Variant::RFC4122);
            assert!(last.is_none_or(|last| last < id));
            last = Some(id);
        }
    }
}
