//! The proof: the real server under simulated and real faults, the checker checked by mutants, and the report.

pub mod disaster;
pub mod report;
pub mod simulation;
