//! Presence, by random plans.
