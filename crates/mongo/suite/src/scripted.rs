//! A server that says what it is told to: for answers that the one at hand never gives.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::thread;

use mongodb::bson::{Document, doc};

/// What it answers to a command, in its own words.
pub type Script = fn(&Document) -> Document;

/// Messages of MongoDB's protocol by their numbers: a question and an answer of old, and both of today.
const QUERY: i32 = 2004;
const REPLY: i32 = 1;
const MESSAGE: i32 = 2013;

/// Starts one that ends with the process, and gives its address.
pub fn scripted(script: Script) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("an address").port();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || while answer(&stream, script).is_some() {});
        }
    });
    format!("mongodb://127.0.0.1:{port}/scripted?directConnection=true")
}

fn answer(mut stream: &TcpStream, script: Script) -> Option<()> {
    let mut head = [0; 16];
    stream.read_exact(&mut head).ok()?;
    let number = |at: usize| Some(i32::from_le_bytes(head.get(at..at + 4)?.try_into().ok()?));
    let (length, id, kind) = (number(0)?, number(4)?, number(12)?);
    let mut body = vec![0; usize::try_from(length).ok()? - head.len()];
    stream.read_exact(&mut body).ok()?;
    let asked = match kind {
        // Flags, then a section of one document.
        MESSAGE => body.get(5..)?,
        // Flags, a name, how many are passed over and wanted.
        QUERY => body.get(4 + body.get(4..)?.iter().position(|byte| *byte == 0)? + 9..)?,
        _ => return None,
    };
    let length = usize::try_from(i32::from_le_bytes(asked.get(..4)?.try_into().ok()?)).ok()?;
    let command = Document::from_reader(asked.get(..length)?).ok()?;
    let mut told = doc! { "ok": 1 };
    told.extend(script(&command));
    let told = told.to_vec().ok()?;
    let (kind, before) = match kind {
        QUERY => (REPLY, vec![0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0]),
        _ => (MESSAGE, vec![0; 5]),
    };
    let mut reply = Vec::new();
    for part in [i32::try_from(16 + before.len() + told.len()).ok()?, 0, id, kind] {
        reply.extend(part.to_le_bytes());
    }
    reply.extend(before);
    reply.extend(told);
    stream.write_all(&reply).ok()
}

/// What a router says of itself.
pub fn router() -> Document {
    doc! {
        "isWritablePrimary": true,
        "ismaster": true,
        "msg": "isdbgrid",
        "maxBsonObjectSize": 16_777_216,
        "maxMessageSizeBytes": 48_000_000,
        "maxWriteBatchSize": 100_000,
        "logicalSessionTimeoutMinutes": 30,
        "minWireVersion": 0,
        "maxWireVersion": 21,
    }
}
