//! The data directory: is it there, whose is it, who may read it, on what sort of disk, and how much room is left?

use super::finding::Finding;
use crate::config::Settings;
use crate::meter::size;
use std::fs::Metadata;
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

/// File systems by the number that the kernel gives them, and what is the matter with each.
const NETWORK: &[(u32, &str)] = &[
    (0x6969, "NFS"),
    (0xff53_4d42, "CIFS"),
    (0xfe53_4d42, "SMB"),
    (0x517b, "SMB"),
    (0x5346_414f, "AFS"),
    (0x00c3_6400, "Ceph"),
    (0x0102_1997, "9p"),
];
const FUSE: u32 = 0x6573_5546;
const TMPFS: u32 = 0x0102_1994;
/// New files that there must be room for; the server makes a few.
const INODES_MIN: u64 = 100;
/// The longest path that a socket may have, in bytes.
const SOCKET_PATH_BYTES_MAX: usize = 107;

/// Looks at the directory of the data.
pub fn look(settings: &Settings) -> Vec<Finding> {
    let path = settings.data.as_path();
    let mut findings = Vec::new();
    let there = match path.metadata() {
        Ok(there) if there.is_dir() => {
            findings.extend(access(path, &there));
            path.to_owned()
        }
        Ok(_) => {
            let advice = "name a directory with --data";
            return vec![Finding::wrong(
                "data",
                format!("{} is no directory", path.display()),
                advice,
            )];
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
            let found = format!("{} is not there yet", path.display());
            let Some(parent) = absolute.ancestors().skip(1).find(|parent| parent.is_dir()) else {
                return vec![Finding::wrong("data", found, "name another directory with --data")];
            };
            findings.push(match rustix::fs::access(parent, rustix::fs::Access::WRITE_OK) {
                Ok(()) => Finding::ok("data", format!("{found}; the first start makes it")),
                Err(_) => {
                    let advice = format!(
                        "make it, and give it to the server's account: {} cannot be written to",
                        parent.display()
                    );
                    Finding::wrong("data", found, advice)
                }
            });
            parent.to_owned()
        }
        Err(error) => {
            let advice = "run this under the server's account, or as root";
            return vec![Finding::wrong("data", format!("{}: {error}", path.display()), advice)];
        }
    };
    findings.push(disk(&there));
    findings.extend(room(&there, settings.disk_free_bytes_min()));
    findings
}

fn access(path: &Path, there: &Metadata) -> Vec<Finding> {
    let me = rustix::process::geteuid().as_raw();
    let shown = path.display();
    let (mode, owner) = (there.permissions().mode() & 0o777, there.uid());
    let found = format!("{shown}, mode {mode:o}, of user {owner}");
    let mut findings = Vec::new();
    if me != 0 && me != owner {
        let advice = format!("run the server and its tools under that account, or give it away: chown -R {me} {shown}");
        findings.push(Finding::wrong("data", found, advice));
    } else if mode & 0o700 != 0o700 {
        findings.push(Finding::wrong("data", found, format!("chmod 700 {shown}")));
    } else if mode & 0o077 != 0 {
        let advice = format!("others on this machine may look into it: chmod 700 {shown}");
        findings.push(Finding::warning("data", found, advice));
    } else {
        findings.push(Finding::ok("data", found));
    }
    let socket = std::path::absolute(path).map_or(0, |path| path.join(server::admin::FILE).as_os_str().len() + 4);
    if socket > SOCKET_PATH_BYTES_MAX {
        let found = "the path is too long for the admin socket";
        findings.push(Finding::warning(
            "data",
            found,
            "move the data to a shorter path, or `tidings admin` cannot work",
        ));
    }
    findings
}

fn disk(path: &Path) -> Finding {
    let Ok(found) = rustix::fs::statfs(path) else {
        return Finding::warning("disk", "the file system does not say what it is", "");
    };
    // The kernel's numbers are of 32 bits; the field is wider on some machines.
    #[expect(
        clippy::cast_sign_loss,
        clippy::cast_possible_truncation,
        reason = "the kernel's numbers have 32 bits"
    )]
    let kind = found.f_type as u32;
    let network = NETWORK.iter().find(|(number, _)| *number == kind);
    if let Some((_, name)) = network {
        let advice = "move the data to a local disk: over a network, locks and flushes do not hold what they promise";
        return Finding::wrong("disk", format!("a network file system ({name})"), advice);
    }
    match kind {
        FUSE => {
            let advice = "see that it is local, and that it flushes when it is asked to";
            Finding::warning("disk", "a file system of a program (FUSE)", advice)
        }
        TMPFS => Finding::warning(
            "disk",
            "memory only (tmpfs)",
            "everything is gone when the machine restarts: use a disk",
        ),
        _ => Finding::ok("disk", "a local file system"),
    }
}

fn room(path: &Path, free_bytes_min: u64) -> Vec<Finding> {
    let Ok(found) = rustix::fs::statvfs(path) else {
        return vec![Finding::warning("room", "the disk does not say how much is free", "")];
    };
    let free_bytes = found.f_bavail.saturating_mul(found.f_frsize);
    let mut findings = vec![bytes(free_bytes, free_bytes_min)];
    // A file system without such a number says 0 of 0.
    if found.f_files > 0 && found.f_favail < INODES_MIN {
        let text = format!("room for {} new files only", found.f_favail);
        findings.push(Finding::wrong(
            "room",
            text,
            "remove files on this disk: it has no inodes left",
        ));
    }
    findings
}

fn bytes(free_bytes: u64, free_bytes_min: u64) -> Finding {
    let found = format!(
        "{} free; sends are refused below {}",
        size(free_bytes),
        size(free_bytes_min)
    );
    let advice = "make room on this disk, or move the data to a larger one";
    if free_bytes < free_bytes_min {
        Finding::wrong("room", found, advice)
    } else if free_bytes < free_bytes_min.saturating_mul(4) {
        Finding::warning("room", found, advice)
    } else {
        Finding::ok("room", found)
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::State;
    use super::*;

    /// OPS2: each state of the disk has its word.
    #[test]
    fn ops2_too_little_room_is_wrong_and_little_is_a_warning() {
        assert_eq!(bytes(99, 100).state, State::Wrong);
        assert_eq!(bytes(100, 100).state, State::Warning);
        assert_eq!(bytes(400, 100).state, State::Ok);
        assert_eq!(bytes(0, 0).state, State::Ok, "nothing is asked for");
    }
}
