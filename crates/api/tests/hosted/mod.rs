//! A host that runs as a process of its own, asked over HTTP.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

pub(crate) struct Host {
    child: Child,
    address: String,
}

#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    /// The token of the next page.
    pub(crate) next: Option<String>,
    pub(crate) body: String,
}

/// Events that are being told.
pub(crate) struct Live(BufReader<TcpStream>);

impl Host {
    pub(crate) fn start(program: &Path) -> Host {
        assert!(
            program.exists(),
            "tests alone build no examples: `cargo build -p filedex --examples`"
        );
        let mut child =
            Command::new(program).arg("127.0.0.1:0").stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("listening on ").unwrap().to_owned();
        Host { child, address }
    }

    pub(crate) fn ask(&self, method: &str, path: &str, body: &str) -> Reply {
        self.request(method, path, "", body)
    }

    /// The reply to somebody who is known.
    pub(crate) fn ask_as(&self, path: &str) -> Reply {
        self.request("GET", path, "X-User-Id: u1\r\nX-Auth-Token: secret\r\n", "")
    }

    /// Follows events from now on.
    pub(crate) fn follow(&self, path: &str) -> Live {
        let mut lines = BufReader::new(self.send("GET", path, "", ""));
        let mut line = String::new();
        while line != "\r\n" {
            line.clear();
            lines.read_line(&mut line).unwrap();
        }
        Live(lines)
    }

    fn request(&self, method: &str, path: &str, headers: &str, body: &str) -> Reply {
        let mut text = String::new();
        self.send(method, path, &format!("{headers}Connection: close\r\n"), body)
            .read_to_string(&mut text)
            .unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let next = head.lines().find_map(|line| line.strip_prefix("x-next: ")).map(str::to_owned);
        Reply { status, next, body: body.to_owned() }
    }

    fn send(&self, method: &str, path: &str, headers: &str, body: &str) -> TcpStream {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let length = body.len();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: {}\r\n{headers}Content-Length: {length}\r\n\r\n{body}",
            self.address
        )
        .unwrap();
        stream
    }
}

impl Live {
    /// The data of so many events.
    pub(crate) fn events(mut self, number: usize) -> Vec<String> {
        let mut events = Vec::new();
        while events.len() < number {
            let mut line = String::new();
            self.0.read_line(&mut line).unwrap();
            events.extend(line.trim().strip_prefix("data: ").map(str::to_owned));
        }
        events
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _ended = self.child.wait();
    }
}
