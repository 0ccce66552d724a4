//! Another process under strace: its calls recorded, made to fail, or made its last.
//!
//! Works on Linux where strace is installed and may trace; everything that needs it asks first.

use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::Outcome;

/// Calls by which a store changes files.
const CHANGING: &str = "write,pwrite64,writev,pwritev,ftruncate,fallocate,fsync,fdatasync,\
    sync_file_range,rename,renameat,renameat2,unlink,unlinkat,mkdir,mkdirat,rmdir";

/// Calls that tell which file a change is made to.
const NAMING: &str = "openat,creat,lseek,read,dup,dup2,dup3,fcntl,close,copy_file_range,sendfile,\
    link,linkat,symlink,symlinkat,truncate,mmap";

/// Whether processes can be traced here.
pub(crate) fn is_here() -> bool {
    let traced = Command::new("strace").args(["-f", "-o", "/dev/null", "true"]).output();
    traced.is_ok_and(|output| output.status.success())
}

/// Groups of calls by which a store changes files; strace counts calls per thread.
pub(crate) const GROUPS: &[&str] = &[
    "write,writev,mkdir,mkdirat",
    "pwrite64,pwritev",
    "fsync,fdatasync,sync_file_range",
    "ftruncate,fallocate,rename,renameat,renameat2,unlink,unlinkat,rmdir",
];

/// Runs this program with calls tampered with, as strace's `--inject` says.
pub(crate) fn injecting(line: &[String], what: &str) -> Outcome<Child> {
    itself_under(tampering(what), line, Stdio::piped())
}

fn tampering(what: &str) -> Command {
    let calls = what.split_once(':').map_or(what, |(calls, _)| calls);
    let (traced, injected) = (format!("trace={calls}"), format!("inject={what}"));
    let mut strace = Command::new("strace");
    strace.args(["-f", "-o", "/dev/null", "-e", &traced, "-e", &injected]);
    strace
}

/// Runs this program with everything it does to files written to `log`; calls are tampered with as each of
/// `faults` says.
pub(crate) fn recording(line: &[String], log: &Path, faults: &[String]) -> Outcome<Child> {
    let mut strace = Command::new("strace");
    strace
        .args(["-f", "--seccomp-bpf", "-y", "-xx", "-ttt", "-s", "100000000"])
        .arg("-o")
        .arg(log)
        .args(["-e", &format!("trace={CHANGING},{NAMING}"), "-e", "signal=none"]);
    for fault in faults {
        strace.args(["-e", &format!("inject={fault}")]);
    }
    itself_under(strace, line, Stdio::null())
}

fn itself_under(mut strace: Command, line: &[String], out: Stdio) -> Outcome<Child> {
    let strace = strace.arg(std::env::current_exe()?).args(line);
    Ok(strace.stdin(Stdio::null()).stdout(out).stderr(Stdio::null()).spawn()?)
}
