//! Every fault has a name of its own, and is found by it.

use super::{Memory, Mutant, choose_from, is};

#[test]
fn every_mutant_is_found_by_its_name() {
    for (place, mutant) in Mutant::ALL.into_iter().enumerate() {
        assert_eq!(Mutant::named(mutant.name()), Some(mutant), "{}", mutant.name());
        assert_eq!(mutant as usize, place, "{} stands once, in its place", mutant.name());
    }
    assert_eq!(Mutant::named("no-such-fault"), None);
}

#[cfg(not(feature = "planted"))]
#[test]
fn without_the_feature_there_is_nothing() {
    assert!(Mutant::ALL.into_iter().all(|mutant| !is(mutant)));
    let said = choose_from(Mutant::AckBeforeCommit.name()).expect_err("nothing to choose from");
    assert!(said.contains("no planted faults"), "{said}");
    assert_eq!(size_of::<Memory<Vec<u8>>>(), 0);
}

#[cfg(feature = "planted")]
#[test]
fn one_fault_at_a_time_is_chosen_for_a_thread() {
    let chosen = || Mutant::ALL.into_iter().filter(|mutant| is(*mutant)).collect::<Vec<_>>();
    assert_eq!(chosen(), []);
    for mutant in Mutant::ALL {
        super::choose_here(Some(mutant));
        assert_eq!(chosen(), [mutant]);
        let elsewhere = std::thread::spawn(move || is(mutant)).join().expect("it ends");
        assert!(!elsewhere, "{} is chosen for one thread only", mutant.name());
    }
    super::choose_here(None);
    assert_eq!(chosen(), []);
}

#[cfg(feature = "planted")]
#[test]
fn an_unknown_fault_is_told_which_there_are() {
    let said = choose_from("no-such-fault").expect_err("there is none");
    assert!(
        Mutant::ALL.into_iter().all(|mutant| said.contains(mutant.name())),
        "{said}"
    );
    assert!(Mutant::ALL.into_iter().all(|mutant| !is(mutant)));
}

#[cfg(feature = "planted")]
#[test]
fn a_memory_keeps_what_it_was_given() {
    let memory: Memory<Vec<u8>> = Memory::default();
    memory.with(|kept| kept.push(7));
    assert_eq!(memory.with(|kept| kept.clone()), [7]);
}
