//! The report as a page of Markdown.

use super::{Caught, Proof, Stage, add};
use std::collections::BTreeMap;
use swarm::report::{counted, lasting, percent};
use swarm::verdict::Summary;

/// What must hold, and in one line what it means.
const RULES: [(&str, &str); 18] = [
    (
        "I1",
        "No lost write: what was acknowledged is in the log at its seq, and in everybody's final read.",
    ),
    (
        "I2",
        "No duplicate: one body, one seq, however often it was sent again.",
    ),
    (
        "I3",
        "No phantom: everything told was asked for by its author, and not refused.",
    ),
    (
        "I4",
        "No gap: the seqs of a log are exactly 1 to head, and its times never go back.",
    ),
    (
        "I5",
        "Agreement: a seq is the same entry for everybody, for ever, within a lineage of the store.",
    ),
    (
        "I6",
        "Order of telling: what is shown follows; a hole on a socket only after \"you are behind\".",
    ),
    (
        "I7",
        "Real time: what was acknowledged before another was asked for stands before it.",
    ),
    (
        "I8",
        "Receipts: cursors only rise, and none is ahead of what its owner was shown.",
    ),
    ("I9", "Membership: nobody is told anything from outside of their stays."),
    (
        "I10",
        "Convergence: after the faults everybody comes to hold the head, and soon.",
    ),
    ("I14", "Availability: after the faults nothing is left unanswered."),
    (
        "I15",
        "Snapshots: what a device holds is what a new device would be told; unread counts are counts of the log.",
    ),
    ("I17", "Bounds: memory, descriptors and queues stay below their limits."),
    (
        "I18",
        "Drafts: no text that somebody began to write is lost, but what was replaced where it was known.",
    ),
    (
        "I19",
        "Shunned: nothing passes a block or a request not taken up; who tells nobody of themselves is told of nobody.",
    ),
    (
        "I20",
        "Changes: an entry is what the changes in its log made of it, for everybody; what was deleted is gone.",
    ),
    (
        "I21",
        "Links: one lets in as many as it says, nobody once it was voided, and where joining needs approval nobody.",
    ),
    (
        "I22",
        "Rights: what stands in a log was for its author to do, and a group stands for its members as its log made it.",
    ),
];

/// What a reader should not take from it.
const LIMITS: &str = "\
- A run without a violation shows that these faults, at these moments, did no harm. It is no proof of a theorem; other
  seeds, other machines and longer runs may find more.
- The simulation runs the real server code, but one thread at a time. Races between threads are met only by the stages
  with real processes.
- A power cut is simulated by dropping what the file system had not flushed. A disk that lies about its flushes is not.
- One store, on one disk: the loss of that disk is the loss of what came after the last backup, and no claim is made.
- Numbers of availability and latency belong to this load on this machine. No yearly figure is made out of them.
- The checker is as good as its rules. The mutants show that each of their faults is found; a fault that nobody has
  thought of has no mutant.
";

/// The report.
#[must_use]
pub fn markdown(proof: &Proof) -> String {
    let mut sum = Summary::default();
    let mut faults = BTreeMap::new();
    for stage in &proof.stages {
        add(&mut sum, &stage.summary);
        add::counts(&mut faults, &stage.faults);
    }
    let parts = [
        head(proof, &faults),
        rules(),
        stages(proof),
        found(proof),
        hardness(&sum),
        availability(&sum),
        times(proof),
        mutants(&proof.mutants),
        not_run(proof),
        format!("## What this cannot show\n\n{LIMITS}"),
    ];
    parts.join("\n")
}

fn head(proof: &Proof, faults: &BTreeMap<String, u64>) -> String {
    let what = if proof.full {
        "The whole proof"
    } else {
        "A cut of the proof"
    };
    let runs = proof.stages.iter().map(|stage| stage.runs).sum();
    let wrong: u64 = proof.stages.iter().map(Stage::wrong).sum();
    let caught = proof.mutants.iter().filter(|mutant| mutant.seed.is_some()).count();
    let outcome = match wrong {
        0 => "no violation".to_owned(),
        1 => "**1 violation**".to_owned(),
        wrong => format!("**{} violations**", counted(wrong)),
    };
    format!(
        "# The proof\n\n\
         The claim: **a message that was acknowledged is never lost, never doubled, never out of order, whatever\n\
         single fault happens; and a device that is behind is told so and catches up.**\n\n\
         {what}, on {} ({}), at commit `{}`:\n\
         {} runs, {} faults, {outcome}; {caught} of {} mutants caught; {} not run.\n\n\
         Again:\n\n    make prove            # everything, hours; it writes this page\n    \
         make prove-mutants    # only the planted faults, minutes\n\n\
         Each figure below comes from that one command and one checker (`crates/swarm/src/verdict.rs`).\n",
        cell(&proof.date),
        cell(&proof.machine),
        cell(&proof.commit),
        counted(runs),
        counted(faults.values().sum()),
        proof.mutants.len(),
        match proof.not_run.len() {
            0 => "nothing was".to_owned(),
            1 => "one stage was".to_owned(),
            more => format!("{more} stages were"),
        },
    )
}

fn rules() -> String {
    let mut text = "## What must hold\n\n".to_owned();
    for (rule, means) in RULES {
        text.push_str(&format!("- **{rule}** {means}\n"));
    }
    text.push_str(
        "- **TooEasy** A run in which too little went wrong proves nothing, and fails.\n\n\
         The numbers left out belong to what is not built yet: search, push, end-to-end encryption.\n",
    );
    text
}

/// What was done, and by which seeds it is done again.
fn stages(proof: &Proof) -> String {
    let mut text = "## What was done\n\n\
                    | stage | what | runs | faults | sent | acknowledged | seeds | took |\n\
                    | --- | --- | --- | --- | --- | --- | --- | --- |\n"
        .to_owned();
    for stage in &proof.stages {
        let faults = stage
            .faults
            .iter()
            .map(|(kind, count)| format!("{} {}", cell(kind), counted(*count)));
        let cells = [
            cell(&stage.name),
            cell(&stage.says),
            counted(stage.runs),
            or_none(&faults.collect::<Vec<_>>()),
            counted(stage.summary.sent),
            counted(stage.summary.acked),
            cell(&stage.seeds),
            took(stage.took_s),
        ];
        text.push_str(&row(&cells));
    }
    text
}

/// What was found: a column for each thing that may be wrong.
fn found(proof: &Proof) -> String {
    let mut text = "## What was found\n\n\
                    | stage | lost | doubled | reordered | gaps | unread wrong | receipts wrong | leaked | all |\n\
                    | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n"
        .to_owned();
    for stage in &proof.stages {
        let s = &stage.summary;
        let counts = [
            s.lost,
            s.doubled,
            s.reordered,
            s.gaps,
            s.unread_wrong,
            s.receipts_wrong,
            s.leaked,
            stage.wrong(),
        ];
        let cells: Vec<String> = [cell(&stage.name)].into_iter().chain(counts.map(counted)).collect();
        text.push_str(&row(&cells));
    }
    text.push_str("\n\"All\" also counts bounds that were passed and runs that were too easy.\n");
    text
}

fn hardness(sum: &Summary) -> String {
    let mut text = "## How hard it was\n\n\
                    | what happened | times |\n| --- | --- |\n"
        .to_owned();
    for (name, count) in &sum.hardness {
        text.push_str(&row(&[cell(&name.replace('_', " ")), counted(*count)]));
    }
    text
}

fn availability(sum: &Summary) -> String {
    let mut text = "## Availability, by what was broken meanwhile\n\n\
                    Of all valid sends, those acknowledged within 5 s, the client's own retries included.\n\n\
                    | fault | sends | in 5 s |\n| --- | --- | --- |\n"
        .to_owned();
    let calm = sum.availability.get_key_value("none").into_iter();
    let kinds = sum.availability.iter().filter(|(kind, _)| *kind != "none");
    for (kind, share) in calm.chain(kinds) {
        let kind = if kind == "none" { "no fault" } else { kind };
        text.push_str(&row(&[cell(kind), counted(share.of), percent(*share)]));
    }
    text
}

/// Latency, outage, convergence and recovery of each stage.
fn times(proof: &Proof) -> String {
    let mut text = "## Latency, convergence, recovery\n\n\
                    *Converged*: from the end of the last fault to holding the head, of devices. *Recovered*: from\n\
                    the end of each fault to the first acknowledgement after it. A p99, a longest and an \"all\" are\n\
                    those of the worst run; a p50 is the mean of the runs'. In the simulation, time is simulated.\n\n\
                    | stage | send to ack p50, p99 | send to shown p50, p99, longest | longest outage \
                    | converged half, nine in ten, all | recovered p50, p99 (how often) |\n\
                    | --- | --- | --- | --- | --- | --- |\n"
        .to_owned();
    for stage in &proof.stages {
        let s = &stage.summary;
        let list = |times: &[f64]| times.iter().map(|ms| lasting(*ms)).collect::<Vec<_>>().join(", ");
        let cells = [
            cell(&stage.name),
            list(&[s.p50_send_ack_ms, s.p99_send_ack_ms]),
            list(&[s.p50_send_received_ms, s.p99_send_received_ms, s.max_send_received_ms]),
            lasting(s.longest_outage_ms),
            list(&s.converged_ms),
            recovered(&stage.recovery_ms),
        ];
        text.push_str(&row(&cells));
    }
    text
}

fn recovered(recovery_ms: &[f64]) -> String {
    if recovery_ms.is_empty() {
        return "–".to_owned();
    }
    let mut sorted = recovery_ms.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = |percent: usize| sorted[(sorted.len() * percent).div_ceil(100).saturating_sub(1)];
    format!(
        "{}, {} of {}",
        lasting(at(50)),
        lasting(at(99)),
        counted(sorted.len() as u64)
    )
}

fn mutants(mutants: &[Caught]) -> String {
    let caught = mutants.iter().filter(|mutant| mutant.seed.is_some()).count();
    let mut text = format!(
        "## The checker, checked\n\n\
         Known faults are planted one at a time at the places where a chat would lose, double or leak something\n\
         (`crates/mutants/src/lib.rs`). One that nobody catches is a hole in the checker.\n\n\
         **Caught: {caught} of {}.**\n\n\
         | mutant | caught by | seed | seeds tried | what the checker said |\n| --- | --- | --- | --- | --- |\n",
        mutants.len()
    );
    for mutant in mutants {
        let cells = [
            cell(&mutant.mutant),
            mutant.seed.map_or("**SURVIVED**".to_owned(), |_| {
                cell(mutant.rule.as_deref().unwrap_or("–"))
            }),
            mutant.seed.map_or("–".to_owned(), |seed| seed.to_string()),
            counted(mutant.tried),
            cell(mutant.says.as_deref().unwrap_or("–")),
        ];
        text.push_str(&row(&cells));
    }
    text
}

fn not_run(proof: &Proof) -> String {
    let mut text = "## What was not run\n\n".to_owned();
    if proof.not_run.is_empty() {
        text.push_str("Nothing was left out.\n");
    }
    for (what, why) in &proof.not_run {
        text.push_str(&format!("- **{}**: {}\n", cell(what), cell(why)));
    }
    text
}

fn row(cells: &[String]) -> String {
    format!("| {} |\n", cells.join(" | "))
}

fn or_none(cells: &[String]) -> String {
    if cells.is_empty() {
        "none".to_owned()
    } else {
        cells.join(", ")
    }
}

/// A time in the unit that suits it.
fn took(s: u64) -> String {
    match s {
        0..=119 => format!("{s} s"),
        120..=7_199 => format!("{} min", s / 60),
        _ => format!("{} h {} min", s / 3600, s / 60 % 60),
    }
}

/// Text of others in one cell: it opens no other cell, line or element.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
        .replace(['\n', '\r'], " ")
        .replace('<', "&lt;")
        .trim()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn a_proof_as_a_page() {
        insta::assert_snapshot!(markdown(&sample::proof()));
    }

    #[test]
    fn a_violation_a_survivor_and_a_cut_are_told() {
        let mut proof = sample::proof();
        proof.full = false;
        proof.stages[0].violations = 3;
        proof.mutants.push(Caught {
            mutant: "epoch-kept".to_owned(),
            tried: 1_000,
            ..Caught::default()
        });
        let page = markdown(&proof);
        for told in [
            "A cut of the proof",
            "**3 violations**",
            "**Caught: 2 of 3.**",
            "| epoch-kept | **SURVIVED** |",
        ] {
            assert!(page.contains(told), "the page does not say {told}:\n{page}");
        }
    }

    #[test]
    fn every_rule_has_its_line() {
        use swarm::verdict::Rule::{I1, I2, I3, I4, I5, I6, I7, I8, I9, I10, I14, I15, I17, I18, I19, I20, I21, I22};
        let rules = [
            I1, I2, I3, I4, I5, I6, I7, I8, I9, I10, I14, I15, I17, I18, I19, I20, I21, I22,
        ];
        assert_eq!(
            RULES.map(|(rule, _)| rule.to_owned()),
            rules.map(|rule| format!("{rule:?}"))
        );
    }

    #[test]
    fn a_proof_can_be_kept_and_read_again() {
        let kept = serde_json::to_string(&sample::proof()).unwrap();
        assert_eq!(
            markdown(&serde_json::from_str(&kept).unwrap()),
            markdown(&sample::proof())
        );
    }
}
