//! Puts the web app into the binary: writes a table of the files that `make web` left in `web/dist/site`, each with
//! its compressed copies. Nothing is built here, so that who has no Node still has a server; it says at `/` what is
//! missing.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let root =
        PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo says where we are")).join("../../web/dist");
    // The folder is under version control, what is in it is not: one that is not there would be new at every build.
    println!("cargo::rerun-if-changed={}", root.display());
    let mut files = Vec::new();
    let site = root.join("site");
    if site.is_dir() {
        walk(&site, &mut files)?;
    }
    files.sort();
    let mut table = String::from("&[\n");
    for file in files.iter().filter(|file| !is_compressed(file)) {
        table += &entry(&site, file)?;
    }
    table += "]";
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo says where to write"));
    fs::write(out.join("site.rs"), table)
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for found in fs::read_dir(folder)? {
        let path = found?.path();
        if path.is_dir() {
            walk(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}

fn is_compressed(file: &Path) -> bool {
    matches!(extension(file), "br" | "gz")
}

fn extension(file: &Path) -> &str {
    file.extension().and_then(|name| name.to_str()).unwrap_or_default()
}

/// A file's line of the table.
fn entry(site: &Path, file: &Path) -> io::Result<String> {
    let below = file
        .strip_prefix(site)
        .expect("it was found below")
        .to_string_lossy()
        .replace('\\', "/");
    let path = if below == "index.html" {
        "/".to_owned()
    } else {
        format!("/{below}")
    };
    let media = match extension(file) {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/vnd.microsoft.icon",
        "woff2" => "font/woff2",
        "txt" => "text/plain; charset=utf-8",
        "mp3" => "audio/mpeg",
        other => panic!("web/dist/site/{below}: a file ending in `{other}` has no media type yet; give it one here"),
    };
    let full = file.to_string_lossy();
    let copy = |ending: &str| {
        let copy = format!("{full}.{ending}");
        if Path::new(&copy).is_file() {
            format!("Some(include_bytes!({copy:?}))")
        } else {
            "None".to_owned()
        }
    };
    let (tag, hashed) = (fnv(&fs::read(file)?), below.starts_with("assets/"));
    Ok(format!(
        "    server::config::Asset {{ path: {path:?}, media: {media:?}, tag: \"{tag:016x}\", hashed: {hashed}, \
         plain: include_bytes!({full:?}), gzip: {}, brotli: {} }},\n",
        copy("gz"),
        copy("br"),
    ))
}

/// FNV-1a, 64 bits: tells one version of a file from the next.
fn fnv(bytes: &[u8]) -> u64 {
    let mix = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, mix)
}
