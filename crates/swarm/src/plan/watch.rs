//! `watch`: somebody looks at who is there.

use super::{Act, After, Doer, PersonNumber, Scene};
use client::No;
use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::IteratorRandom;
use serde::{Deserialize, Serialize};

/// How many people somebody looks at.
const PEOPLE_MAX: usize = 5;

/// Watches the presence of a few people. Those who share no conversation with the watcher are never told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Watch {
    /// Of whom.
    pub people: Vec<PersonNumber>,
}

impl Act for Watch {
    const WEIGHT: u32 = 4;

    fn draw(scene: &mut Scene, chance: &mut StdRng) -> Option<Self> {
        let me = scene.person();
        let count = chance.random_range(1..=PEOPLE_MAX);
        let others = (0..scene.shape.people).filter(|person| *person != me);
        let mut people = others.sample(chance, count);
        people.sort_unstable();
        Some(Self { people })
    }

    async fn act(&self, doer: &Doer<'_>) -> Result<After, No> {
        let people = self.people.iter().map(|person| doer.person(*person)).collect();
        doer.client.watch_presence(people).await?;
        Ok(After::Stay)
    }
}
