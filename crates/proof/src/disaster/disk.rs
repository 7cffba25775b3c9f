//! File systems of our own: ext4 in a file, mounted over a loop device, so that it can lose its power, fill up, or turn
//! read-only, and nobody else's does.
//!
//! A power cut is `FS_IOC_SHUTDOWN` without a flush of the journal: what was not flushed to the disk by then is gone,
//! as if the plug had been pulled. `kill -9` can never show that, because the kernel keeps what a dead process wrote.

use super::NotRun;
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// `_IOR('X', 125, __u32)`, of `linux/fs.h`.
const FS_IOC_SHUTDOWN: libc::Ioctl = 0x8004_587D_u32 as libc::Ioctl;
/// `FS_SHUTDOWN_FLAGS_NOLOGFLUSH`: the journal's memory goes with everything else.
static NO_LOG_FLUSH: u32 = 2;
/// The steps in which a disk is filled, in bytes, the largest first: what the last leaves is less than a block.
const BALLAST_BYTES: [u64; 3] = [4 * 1024 * 1024, 64 * 1024, 4 * 1024];

/// An ext4 file system in a file, mounted. Dropped, it is unmounted and gone, also when a run panics.
#[derive(Debug)]
pub struct Disk {
    /// Where it is mounted.
    mount: PathBuf,
    image: PathBuf,
    mounted: bool,
    /// After the mount, in the order in which fields are dropped.
    _place: TempDir,
}

/// Goes on if file systems can be made here.
///
/// # Errors
/// They cannot: this disaster does not take place.
pub fn needed(name: &'static str) -> Result<(), NotRun> {
    missing().map_or(Ok(()), |why| Err(NotRun::because(name, why)))
}

/// Why file systems cannot be made and mounted here; `None`: they can.
#[must_use]
pub fn missing() -> Option<String> {
    let is_one = |name: &str| std::env::var(name).is_ok_and(|value| value == "1" || value == "true");
    if !is_one("PROVE") && !is_one("CI") {
        return Some("mounts are made under `make prove` (PROVE=1) or CI=true only".to_owned());
    }
    if !rustix::process::geteuid().is_root() {
        return Some("it takes root to mount a file system".to_owned());
    }
    if !Path::new("/dev/loop-control").exists() {
        return Some("there is no loop device (/dev/loop-control)".to_owned());
    }
    for (program, arguments) in [("mkfs.ext4", "-V"), ("mount", "-V")] {
        let found = Command::new(program)
            .arg(arguments)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        if found.is_err() {
            return Some(format!("the program {program} is not installed"));
        }
    }
    // Containers often have the device and not the right.
    match tempfile::tempdir().and_then(|dir| Disk::new(dir.path(), 16)) {
        Ok(_) => None,
        Err(error) => Some(format!("a loop file cannot be mounted here: {error}")),
    }
}

impl Disk {
    /// Makes and mounts one of this size under a directory.
    ///
    /// # Errors
    /// What `mkfs.ext4` or `mount` said.
    pub fn new(under: &Path, mib: u64) -> io::Result<Self> {
        let place = tempfile::Builder::new().prefix("disk-").tempdir_in(under)?;
        let (mount, image) = (place.path().join("mount"), place.path().join("image"));
        std::fs::create_dir(&mount)?;
        File::create(&image)?.set_len(mib * 1024 * 1024)?;
        // Nothing is kept back for root: full is full.
        run(Command::new("mkfs.ext4").args(["-q", "-F", "-m", "0"]).arg(&image))?;
        let mut disk = Self {
            mount,
            image,
            mounted: false,
            _place: place,
        };
        disk.mount()?;
        Ok(disk)
    }

    /// Where it is mounted.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.mount
    }

    fn mount(&mut self) -> io::Result<()> {
        run(Command::new("mount")
            .args(["-o", "loop,errors=remount-ro"])
            .arg(&self.image)
            .arg(&self.mount))?;
        self.mounted = true;
        Ok(())
    }

    /// Unmounts and mounts again, as after a start of the machine: the journal is replayed. Nobody may hold a file.
    ///
    /// # Errors
    /// What `umount` or `mount` said.
    pub fn again(&mut self) -> io::Result<()> {
        run(Command::new("umount").arg(&self.mount))?;
        self.mounted = false;
        self.mount()
    }

    /// The power goes, at this moment. Every call to the file system fails from here on, until [`Self::again`].
    ///
    /// # Errors
    /// As `ioctl`'s.
    pub fn cut_power(&self) -> io::Result<()> {
        shut_down(&File::open(&self.mount)?)
    }

    /// The file system notices an error of its own and turns read-only under whoever uses it, until [`Self::again`].
    ///
    /// # Errors
    /// There is no such switch in this kernel, or no loop device behind the mount.
    pub fn fail(&self) -> io::Result<()> {
        let mounts = std::fs::read_to_string("/proc/self/mounts")?;
        let mount = self.mount.to_string_lossy();
        let device = mounts
            .lines()
            .filter_map(|line| line.split_once(' '))
            .find(|(_, rest)| rest.starts_with(&format!("{mount} ")))
            .and_then(|(device, _)| device.strip_prefix("/dev/"))
            .ok_or_else(|| io::Error::other("the mount is not listed"))?;
        std::fs::write(format!("/sys/fs/ext4/{device}/trigger_fs_error"), "1")
    }

    /// Fills what is left, to the last block. Called again, it takes what was freed meanwhile.
    ///
    /// # Errors
    /// Any but that the disk is full.
    pub fn fill(&self) -> io::Result<()> {
        let mut ballast = File::options().append(true).create(true).open(self.ballast())?;
        for bytes in BALLAST_BYTES {
            let piece = vec![0; usize::try_from(bytes).unwrap_or_default()];
            loop {
                match ballast.write_all(&piece).and_then(|()| ballast.sync_data()) {
                    Ok(()) => {}
                    Err(error) if error.kind() == io::ErrorKind::StorageFull => break,
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(())
    }

    /// Frees what [`Self::fill`] took.
    ///
    /// # Errors
    /// As of removing a file.
    pub fn free(&self) -> io::Result<()> {
        std::fs::remove_file(self.ballast())
    }

    fn ballast(&self) -> PathBuf {
        self.mount.join("ballast")
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        if !self.mounted || run(Command::new("umount").arg(&self.mount)).is_ok() {
            return;
        }
        // Somebody still holds a file: it goes when they do, and its loop device with it.
        if let Err(error) = run(Command::new("umount").arg("-l").arg(&self.mount)) {
            tracing::warn!(%error, mount = %self.mount.display(), "a file system of ours stays mounted");
        }
    }
}

#[expect(
    unsafe_code,
    reason = "no crate has this ioctl; it reads one u32, which lives through the call"
)]
fn shut_down(mount: &File) -> io::Result<()> {
    // SAFETY: the descriptor is open for the whole call, and the kernel reads one `__u32` behind the pointer.
    let done = unsafe { libc::ioctl(mount.as_raw_fd(), FS_IOC_SHUTDOWN, &raw const NO_LOG_FLUSH) };
    if done == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

fn run(command: &mut Command) -> io::Result<()> {
    let done = command.stdin(Stdio::null()).output()?;
    if done.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&done.stderr);
    let program = command.get_program().to_string_lossy();
    Err(io::Error::other(format!("{program}: {}", said.trim())))
}
