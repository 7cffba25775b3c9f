//! Password hashes (argon2id, RFC 9106), a few at a time: each takes 19 MiB and tens of milliseconds, so a flood of
//! sign-ins must neither take all memory nor the threads that carry messages.
//!
//! A leaf. Chance is handed in as a salt; a password is never kept, shown or logged.

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Memory of one hash, in KiB: what OWASP asks for at least, with [`PASSES`] and one lane.
pub const MEMORY_KIB: u32 = 19_456;
/// Passes over that memory.
pub const PASSES: u32 = 2;
/// Hashes that may wait for each one being computed; more are refused.
const WAITING_PER_SLOT_MAX: usize = 32;
/// When a refused one may come again, in milliseconds.
const BUSY_RETRY_MS: u64 = 2_000;
/// How hashes made here begin; one that begins otherwise is renewed at the next sign-in.
const PRESENT: &str = "$argon2id$v=19$m=19456,t=2,p=1$";
/// The hash of nothing anybody knows, at the present cost: what is checked where there is no account, so that the
/// answer takes as long as where there is one.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$c2FsdCBvZiBub2JvZHkhIQ$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Why a password was neither hashed nor checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unhashed {
    /// Too many wait already.
    #[error("too many passwords wait to be hashed")]
    Busy {
        /// When to come again, in milliseconds.
        retry_after_ms: u64,
    },
    /// The hash could not be computed: no memory, or a stored hash that is none.
    #[error("the password could not be hashed")]
    Failed,
}

/// What a check came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checked {
    /// It is the password.
    pub right: bool,
    /// It is, and its hash was made at another cost than the present one: store a new one.
    pub renew: bool,
}

/// Hashes and checks passwords.
#[derive(Debug)]
pub struct Passwords {
    /// `None`: on the caller's own thread.
    slots: Option<Arc<Semaphore>>,
    /// Everything that waits or is computed has a place.
    places: Arc<Semaphore>,
    places_max: usize,
    computed: AtomicU64,
}

impl Passwords {
    /// At most this many at once, on threads of their own. 0: one after the other on the caller's thread, for a
    /// simulation that must replay.
    #[must_use]
    pub fn new(at_once_max: usize) -> Self {
        let places_max = (at_once_max * (1 + WAITING_PER_SLOT_MAX)).max(1);
        Self {
            slots: (at_once_max > 0).then(|| Arc::new(Semaphore::new(at_once_max))),
            places: Arc::new(Semaphore::new(places_max)),
            places_max,
            computed: AtomicU64::new(0),
        }
    }

    /// Hashes a new password into a PHC string.
    ///
    /// # Errors
    /// [`Unhashed`].
    pub async fn hash(&self, password: &str, salt: [u8; 16]) -> Result<String, Unhashed> {
        let password = password.to_owned();
        self.compute(move || {
            let hash = argon2().hash_password_with_salt(password.as_bytes(), &salt);
            hash.map(|hash| hash.to_string()).map_err(|_| Unhashed::Failed)
        })
        .await?
    }

    /// Checks a password against the PHC string of an account, or, where there is no account, against nobody's: that
    /// takes as long and never fits.
    ///
    /// # Errors
    /// [`Unhashed`].
    pub async fn check(&self, password: &str, phc: Option<&str>) -> Result<Checked, Unhashed> {
        let known = phc.is_some();
        let (password, phc) = (password.to_owned(), phc.unwrap_or(NOBODY).to_owned());
        self.compute(move || {
            let hash = PasswordHash::new(&phc).map_err(|_| Unhashed::Failed)?;
            let right = argon2().verify_password(password.as_bytes(), &hash).is_ok() && known;
            let renew = right && !phc.starts_with(PRESENT);
            Ok(Checked { right, renew })
        })
        .await?
    }

    /// How many are being computed or wait for it.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.places_max - self.places.available_permits()
    }

    /// How many were computed.
    #[must_use]
    pub fn computed(&self) -> u64 {
        self.computed.load(Relaxed)
    }

    /// Computes in a slot. Slot and place go along onto the thread: a caller that goes away meanwhile frees neither
    /// before the memory is free.
    async fn compute<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Unhashed> {
        let busy = Unhashed::Busy {
            retry_after_ms: BUSY_RETRY_MS,
        };
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|_| busy)?;
        let Some(slots) = &self.slots else {
            self.computed.fetch_add(1, Relaxed);
            return Ok(work());
        };
        let slot = Arc::clone(slots).acquire_owned().await.map_err(|_| Unhashed::Failed)?;
        self.computed.fetch_add(1, Relaxed);
        let held: (OwnedSemaphorePermit, OwnedSemaphorePermit) = (place, slot);
        let computed = tokio::task::spawn_blocking(move || {
            let result = work();
            drop(held);
            result
        });
        computed.await.map_err(|_| Unhashed::Failed)
    }
}

fn argon2() -> Argon2<'static> {
    let params = Params::new(MEMORY_KIB, PASSES, 1, None).expect("the cost is within argon2's own limits");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::task::{Context, Waker};

    fn run<T>(future: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread()
            .build()
            .expect("a runtime")
            .block_on(future)
    }

    /// AUT1: what is stored is an argon2id hash at the stated cost, salted, and fits its password alone.
    #[test]
    fn aut1_a_hash_fits_its_password_alone() {
        run(async {
            let passwords = Passwords::new(1);
            let phc = passwords.hash("correct horse", [7; 16]).await.expect("hashed");
            assert!(phc.starts_with(PRESENT), "{phc}");
            assert_ne!(passwords.hash("correct horse", [8; 16]).await.expect("hashed"), phc);
            let check =
                async |password: &str, phc: Option<&str>| passwords.check(password, phc).await.expect("checked");
            assert!(check("correct horse", Some(&phc)).await.right);
            assert!(!check("correct horse", Some(&phc)).await.renew);
            assert!(!check("Correct horse", Some(&phc)).await.right);
            assert!(!check("correct horse", None).await.right, "nobody has no password");
        });
    }

    /// AUT4: nobody's hash costs what everybody's does, and is one that can be checked.
    #[test]
    fn aut4_nobody_costs_the_same() {
        let cost = |phc: &str| {
            let hash = PasswordHash::new(phc).expect("a PHC string");
            let output = hash.hash.expect("a hash").as_bytes().len();
            (
                hash.algorithm.to_string(),
                hash.version,
                hash.params.to_string(),
                output,
            )
        };
        let ours = argon2().hash_password_with_salt(b"any", &[1; 16]).expect("hashed");
        assert_eq!(cost(NOBODY), cost(&ours.to_string()));
    }

    /// AUT1: a hash at a lower cost is still good, and asks to be renewed.
    #[test]
    fn aut1_a_cheap_hash_is_renewed() {
        run(async {
            let cheap = Argon2::new(
                Algorithm::Argon2id,
                Version::V0x13,
                Params::new(8, 1, 1, None).expect("params"),
            );
            let phc = cheap
                .hash_password_with_salt(b"old password", &[1; 16])
                .expect("hashed");
            let checked = Passwords::new(0).check("old password", Some(&phc.to_string())).await;
            let (right, renew) = (true, true);
            assert_eq!(checked, Ok(Checked { right, renew }));
        });
    }

    /// BND: more than may wait are refused at once, and told when to come again; those who went away free their place.
    #[test]
    fn too_many_are_refused_at_once() {
        run(async {
            let passwords = Passwords::new(1);
            let slot = passwords.slots.as_ref().expect("slots").acquire().await.expect("open");
            let mut waiting: Vec<_> = (0..passwords.places_max)
                .map(|_| Box::pin(passwords.check("a password", None)))
                .collect();
            let mut nobody = Context::from_waker(Waker::noop());
            for check in &mut waiting {
                assert!(check.as_mut().poll(&mut nobody).is_pending());
            }
            assert_eq!(passwords.waiting(), passwords.places_max);
            let refused = passwords.check("a password", None).await;
            assert!(
                matches!(refused, Err(Unhashed::Busy { retry_after_ms: 1.. })),
                "{refused:?}"
            );
            drop(waiting);
            assert_eq!(passwords.waiting(), 0);
            drop(slot);
            assert!(passwords.check("a password", None).await.is_ok());
        });
    }
}
