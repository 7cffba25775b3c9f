//! Carries out what goes wrong, between two steps of a run, and writes it down.

use super::house::{House, StoreFaults};
use super::nemesis::{Fault, Wrong};
use super::network::{NODES, PEOPLE, STORE};
use server::bus::BusFaults;
use std::rc::Rc;
use std::time::Duration;
use swarm::history::{Phase, Recorder, What};
use turmoil::Sim;

/// What passes takes at most this long while nothing is wrong, in milliseconds.
pub const LATENCY_MS_MAX: u64 = 8;

/// The nemesis at work.
pub struct Hands {
    house: Rc<House>,
    recorder: Recorder,
    /// Still to come, the next one last.
    coming: Vec<Fault>,
    /// Under way.
    present: Vec<Fault>,
    /// Whether each node runs.
    nodes_up: [bool; 2],
    store_up: bool,
    lineage: u32,
    /// How many faults there were.
    pub done: u64,
}

impl Hands {
    /// Nothing is wrong yet.
    #[must_use]
    pub fn new(house: Rc<House>, recorder: Recorder, mut faults: Vec<Fault>) -> Self {
        faults.reverse();
        Self {
            house,
            recorder,
            coming: faults,
            present: Vec::new(),
            nodes_up: [true; 2],
            store_up: true,
            lineage: 0,
            done: 0,
        }
    }

    /// The lineage the store serves.
    #[must_use]
    pub fn lineage(&self) -> u32 {
        self.lineage
    }

    /// Whether nothing is wrong and nothing more will be.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.coming.is_empty() && self.present.is_empty()
    }

    /// Whether nothing is wrong just now.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.present.is_empty()
    }

    /// So late, in milliseconds since people began to act: what is over ends.
    pub fn end_what_is_over(&mut self, sim: &mut Sim<'_>, at_ms: u64) {
        while let Some(over) = self.present.iter().position(|fault| fault.to_ms <= at_ms) {
            let fault = self.present.remove(over);
            self.end(sim, fault.wrong);
            self.note(&fault.wrong, Phase::Stop);
        }
    }

    /// So late, in milliseconds since people began to act: what is due begins.
    ///
    /// # Errors
    /// The disk of the simulated machine cannot be written to.
    pub fn begin_what_is_due(&mut self, sim: &mut Sim<'_>, at_ms: u64) -> turmoil::Result {
        while let Some(fault) = self.coming.pop_if(|fault| fault.from_ms <= at_ms) {
            if matches!(fault.wrong, Wrong::Restore) && !self.house.disk.borrow().is_backed_up() {
                continue;
            }
            self.done += 1;
            let once = matches!(fault.wrong, Wrong::Backup);
            self.note(&fault.wrong, if once { Phase::Once } else { Phase::Start });
            self.begin(sim, fault.wrong)?;
            if !once {
                self.present.push(fault);
            }
        }
        Ok(())
    }

    fn note(&self, wrong: &Wrong, phase: Phase) {
        let what = What::Fault {
            kind: wrong.kind().to_owned(),
            target: wrong.target(),
            phase,
        };
        self.recorder.note(None, what);
    }

    fn begin(&mut self, sim: &mut Sim<'_>, wrong: Wrong) -> turmoil::Result {
        match wrong {
            Wrong::Node(node) => {
                if self.store_up {
                    self.house.kill(sim, &[node])?;
                }
                self.nodes_up[node] = false;
            }
            Wrong::Store => {
                self.crash_store(sim)?;
            }
            Wrong::Restore => {
                self.crash_store(sim)?;
                self.restore()?;
            }
            Wrong::Backup => self.house.disk.borrow_mut().back_up()?,
            Wrong::Partition(node) => sim.partition(PEOPLE, NODES[node]),
            Wrong::Deaf(node) => sim.partition_oneway(PEOPLE, NODES[node]),
            Wrong::Mute(node) => sim.partition_oneway(NODES[node], PEOPLE),
            Wrong::Hold(node) => sim.hold(PEOPLE, NODES[node]),
            Wrong::Slow(node, ms) => latency(sim, node, ms),
            Wrong::Loss(node, per_mille) => loss(sim, node, per_mille),
            Wrong::Hints(from, to, faults) => self.house.bus.set_faults(from, to, faults),
            Wrong::Clock(machine, ms) => self.house.clocks[machine].set_off_ms(ms),
            Wrong::Engine(faults) => self.house.set_store_faults(faults),
        }
        Ok(())
    }

    fn end(&mut self, sim: &mut Sim<'_>, wrong: Wrong) {
        match wrong {
            Wrong::Node(node) => {
                self.nodes_up[node] = true;
                if self.store_up {
                    sim.bounce(NODES[node]);
                }
            }
            Wrong::Store | Wrong::Restore => {
                self.store_up = true;
                sim.bounce(STORE);
                for (node, name) in NODES.into_iter().enumerate() {
                    if self.nodes_up[node] {
                        sim.bounce(name);
                    }
                }
            }
            Wrong::Backup => {}
            Wrong::Partition(node) | Wrong::Deaf(node) | Wrong::Mute(node) => sim.repair(PEOPLE, NODES[node]),
            Wrong::Hold(node) => sim.release(PEOPLE, NODES[node]),
            Wrong::Slow(node, _) => latency(sim, node, LATENCY_MS_MAX),
            Wrong::Loss(node, _) => loss(sim, node, 0),
            Wrong::Hints(from, to, _) => self.house.bus.set_faults(from, to, BusFaults::default()),
            Wrong::Clock(machine, _) => self.house.clocks[machine].set_off_ms(0),
            Wrong::Engine(_) => self.house.set_store_faults(StoreFaults::default()),
        }
    }

    fn crash_store(&mut self, sim: &mut Sim<'_>) -> turmoil::Result {
        let up: Vec<usize> = (0..NODES.len()).filter(|node| self.nodes_up[*node]).collect();
        self.house.kill(sim, &up)?;
        self.store_up = false;
        self.house.store_goes();
        self.house.disk.borrow_mut().crash()?;
        sim.crash(STORE);
        Ok(())
    }

    /// What the store held is given up: it is written down, and the backup takes its place.
    fn restore(&mut self) -> turmoil::Result {
        let given_up = self.house.logs(self.recorder.look(super::lineage::conversations))?;
        for (conv, entries) in given_up {
            let lineage = self.lineage;
            self.recorder.note(None, What::Log { lineage, conv, entries });
        }
        self.house.disk.borrow_mut().restore()?;
        let place = self.house.disk.borrow().place();
        let epoch = Some(store::sqlite::new_epoch(place, &self.house.sound_options())?);
        self.lineage += 1;
        let number = self.lineage;
        self.recorder.note(None, What::Lineage { number, epoch });
        Ok(())
    }
}

fn latency(sim: &Sim<'_>, node: usize, ms: u64) {
    sim.set_link_max_message_latency(PEOPLE, NODES[node], Duration::from_millis(ms));
}

fn loss(sim: &mut Sim<'_>, node: usize, per_mille: u32) {
    sim.set_link_fail_rate(PEOPLE, NODES[node], f64::from(per_mille) / 1_000.0);
}
