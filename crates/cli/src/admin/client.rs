//! A command that a server runs: its arguments and input are sent, what it prints is printed.
//!
//! This file knows no command, only what all have in common.

use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::process::ExitCode;

use crate::command::Command;
use crate::failure::Failure;

/// Lets the server at that socket run the command.
pub(crate) fn ask(socket: &Path, command: &Command, arguments: &[OsString]) -> ExitCode {
    match exchange(socket, command, arguments) {
        Ok(status) => ExitCode::from(status),
        Err(failure) => ExitCode::from(failure.report(&mut io::stderr())),
    }
}

#[cfg(not(unix))]
fn exchange(_: &Path, _: &Command, _: &[OsString]) -> Result<u8, Failure> {
    Err(Failure::Other("--admin takes a system with Unix sockets".to_owned()))
}

#[cfg(unix)]
use on_unix::exchange;

#[cfg(unix)]
mod on_unix {
    use std::io::{self, IsTerminal, Read, Write};
    use std::os::unix::net::UnixStream;

    use super::{Command, Failure, OsString, Path};
    use crate::admin::frame::{self, Ask, Kind, PART, Step};
    use crate::progress::{Drawn, Progress};
    use crate::session::open_file;

    pub(super) fn exchange(
        socket: &Path,
        command: &Command,
        arguments: &[OsString],
    ) -> Result<u8, Failure> {
        let at = |error| Failure::at(socket.display(), error);
        // A file that cannot be read is told before anything is asked.
        let input: Option<Box<dyn Read + Send>> = match command.reads() {
            Some("-") => Some(Box::new(io::stdin())),
            Some(name) => Some(Box::new(open_file(name)?)),
            None => None,
        };
        let mut stream = UnixStream::connect(socket).map_err(|error| {
            let error = format!("{error}; is `filedex serve --admin` running?");
            Failure::at(socket.display(), error)
        })?;
        let ask = serde_json::to_vec(&asked(arguments)?).map_err(|error| at(error.into()))?;
        frame::write(&mut stream, Kind::Ask, &ask).map_err(at)?;
        if let Some(input) = input {
            let to = stream.try_clone().map_err(at)?;
            // On a thread of its own: the server may answer, or end, before it has read everything.
            std::thread::spawn(move || send(input, to));
        }
        print(&mut stream).map_err(at)
    }

    fn asked(arguments: &[OsString]) -> Result<Ask, Failure> {
        let texts = arguments.iter().map(|argument| argument.to_str().map(str::to_owned));
        let arguments = texts.collect::<Option<Vec<String>>>().ok_or_else(|| {
            Failure::Arguments("arguments for a server are UTF-8 text".to_owned())
        })?;
        let directory = std::env::current_dir().map_err(|error| Failure::at("directory", error))?;
        let directory = directory.to_string_lossy().into_owned();
        let columns = io::stdout().is_terminal().then(|| console::Term::stdout().size().1);
        Ok(Ask { arguments, directory, columns })
    }

    /// Sends a file part by part. One that cannot be read on ends without the empty part, which the server
    /// takes for what it is.
    fn send(mut file: impl Read, mut to: UnixStream) {
        let mut part = vec![0; PART];
        while let Ok(read) = file.read(&mut part) {
            let bytes = part.get(..read).unwrap_or_default();
            if frame::write(&mut to, Kind::Input, bytes).is_err() || read == 0 {
                return;
            }
        }
        let _gone = to.shutdown(std::net::Shutdown::Write);
    }

    /// Prints what the command prints, and gives its exit status.
    fn print(from: &mut UnixStream) -> io::Result<u8> {
        let (mut out, mut err, mut progress) = (io::stdout(), io::stderr(), Drawn::default());
        while let Some((kind, bytes)) = frame::read(from)? {
            match kind {
                Kind::Out => match out.write_all(&bytes).and_then(|()| out.flush()) {
                    // A reader that has seen enough is no failure.
                    Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(0),
                    written => written?,
                },
                Kind::Err => err.write_all(&bytes)?,
                Kind::Step => step(&bytes, &mut progress)?,
                Kind::End => return Ok(bytes.first().copied().unwrap_or(1)),
                Kind::Ask | Kind::Input => {}
            }
        }
        Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the server went away"))
    }

    fn step(bytes: &[u8], progress: &mut Drawn) -> io::Result<()> {
        let Step { what, done, all } = serde_json::from_slice(bytes)?;
        match what.is_empty() {
            true => progress.end(),
            false => progress.step(&what, done, all),
        }
        Ok(())
    }
}
