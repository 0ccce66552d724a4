//! `filedex token`: the hash of a token, as a directory file keeps it.

use std::io::Read;

use clap::Args;
use filedex::TokenHash;

use crate::failure::Failure;
use crate::session::Session;

/// Prints the hash of a token, for `tokens` of a directory file (`filedex directory`).
///
/// The token is read from standard input, so that it stands in no list of processes and no history; a line
/// break behind it is not part of it. With --new one is made: its first line is the token, for whoever is to
/// have it, the second its hash.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  printf %s secret | filedex token
  filedex token --new")]
pub(crate) struct Arguments {
    /// Make a token of 43 random letters and digits.
    #[arg(long)]
    new: bool,
}

/// Bytes of a token at most: more is no token but a wrong file.
const MOST: u64 = 4096;

pub(crate) fn run(arguments: &Arguments, session: &mut Session<'_>) -> Result<(), Failure> {
    let token = if arguments.new { make()? } else { read(session)? };
    if arguments.new {
        writeln!(session.out, "{token}")?;
    }
    writeln!(session.out, "{}", TokenHash::of(&token))?;
    Ok(())
}

fn read(session: &mut Session<'_>) -> Result<String, Failure> {
    let mut text = String::new();
    let read = session.read("-")?.take(MOST + 1).read_to_string(&mut text);
    read.map_err(|error| Failure::at("standard input", error))?;
    let token = text.strip_suffix('\n').unwrap_or(&text);
    let token = token.strip_suffix('\r').unwrap_or(token);
    let refused = |why: &str| Err(Failure::Other(format!("standard input holds {why}")));
    match token {
        "" => refused("no token"),
        token if token.len() as u64 > MOST => refused("more than a token"),
        token if token.contains(|letter: char| !letter.is_ascii_graphic()) => {
            refused("no token that a header can carry: letters, digits and signs of ASCII")
        }
        token => Ok(token.to_owned()),
    }
}

/// Letters and digits that no one takes for another.
const LETTERS: &[u8; 57] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/// Letters of a token; each is one of 57, which makes some 250 bits.
const LENGTH: usize = 43;

fn make() -> Result<String, Failure> {
    let mut token = String::with_capacity(LENGTH);
    while token.len() < LENGTH {
        let mut bytes = [0; 64];
        getrandom::fill(&mut bytes).map_err(|error| Failure::at("random numbers", error))?;
        // A byte past the last whole round of letters would make the first ones likelier.
        let fair =
            bytes.iter().filter(|byte| usize::from(**byte) < 256 / LETTERS.len() * LETTERS.len());
        let letters = fair.filter_map(|byte| LETTERS.get(usize::from(*byte) % LETTERS.len()));
        token.extend(letters.take(LENGTH - token.len()).map(|letter| char::from(*letter)));
    }
    Ok(token)
}
