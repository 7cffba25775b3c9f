//! The tails of a node together.
