//! The floor: JSON text in memory, a sorted list for every room, type and user, columns for the
//! filters. Durable puts are an append and a sync; nothing can be opened again.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;

use crate::data::Record;
use crate::error::Result;
use crate::page::{COUNT, PageText};
use crate::peer::Peer;
use crate::question::{EXTENSION, LARGER_THAN, Question, TYPE_GROUP, WIDTH, fits_name};

/// Everything, by position.
pub(crate) struct Memory {
    file: BufWriter<File>,
    texts: Texts,
    ids: Texts,
    names: Texts,
    times: Vec<i64>,
    sizes: Vec<i64>,
    widths: Vec<i64>,
    /// A number for each extension, as of `extensions`.
    extension: Vec<usize>,
    extensions: Vec<String>,
    by_id: HashMap<String, u32>,
    rooms: HashMap<String, Vec<u32>>,
    rooms_by_name: HashMap<String, Vec<u32>>,
    room_types: HashMap<String, Vec<u32>>,
    users: HashMap<String, Vec<u32>>,
    everything: Vec<u32>,
}

/// Texts one behind the other.
#[derive(Default)]
struct Texts {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Texts {
    fn push(&mut self, text: &str) {
        self.bytes.extend_from_slice(text.as_bytes());
        self.ends.push(self.bytes.len());
    }

    fn get(&self, position: u32) -> &[u8] {
        let position = position as usize;
        let start = position.checked_sub(1).map_or(0, |before| at(&self.ends, before));
        self.bytes.get(start..at(&self.ends, position)).unwrap_or_default()
    }
}

impl Memory {
    pub(crate) fn open(directory: &Path) -> Result<Memory> {
        Ok(Memory {
            file: BufWriter::new(File::create(directory.join("records.jsonl"))?),
            texts: Texts::default(),
            ids: Texts::default(),
            names: Texts::default(),
            times: Vec::new(),
            sizes: Vec::new(),
            widths: Vec::new(),
            extension: Vec::new(),
            extensions: Vec::new(),
            by_id: HashMap::new(),
            rooms: HashMap::new(),
            rooms_by_name: HashMap::new(),
            room_types: HashMap::new(),
            users: HashMap::new(),
            everything: Vec::new(),
        })
    }

    fn add(&mut self, record: &Record) -> Result<()> {
        let position = u32::try_from(self.times.len())?;
        self.texts.push(&record.json);
        self.ids.push(&record.id);
        self.names.push(&record.name);
        self.times.push(record.uploaded);
        self.sizes.push(record.size);
        self.widths.push(record.width.unwrap_or(-1));
        let extension = self.extension_number(&record.extension);
        self.extension.push(extension);
        self.by_id.insert(record.id.clone(), position);
        self.rooms.entry(record.room.clone()).or_default().push(position);
        let room_type = room_type(&record.room, &record.type_group);
        self.room_types.entry(room_type).or_default().push(position);
        self.users.entry(record.user.clone()).or_default().push(position);
        self.everything.push(position);
        Ok(())
    }

    fn extension_number(&mut self, extension: &str) -> usize {
        let known = self.extensions.iter().position(|known| known == extension);
        known.unwrap_or_else(|| {
            self.extensions.push(extension.to_owned());
            self.extensions.len() - 1
        })
    }

    /// Newest first in every list but those by name.
    fn sort(&mut self) {
        self.rooms_by_name.clone_from(&self.rooms);
        for list in self.rooms_by_name.values_mut() {
            list.sort_unstable_by(|one, other| {
                let key = |position: u32| (self.names.get(position), self.ids.get(position));
                key(*one).cmp(&key(*other))
            });
        }
        let (times, ids) = (&self.times, &self.ids);
        let lists = self.rooms.values_mut().chain(self.room_types.values_mut());
        for list in lists.chain(self.users.values_mut()).chain([&mut self.everything]) {
            list.sort_unstable_by(|one, other| {
                let key = |position: u32| (at(times, position as usize), ids.get(position));
                key(*other).cmp(&key(*one))
            });
        }
    }

    fn window(&self, list: Option<&Vec<u32>>, offset: u64) -> Result<Vec<u8>> {
        let list = list.map(Vec::as_slice).unwrap_or_default();
        let shown = list.iter().skip(usize::try_from(offset)?).take(COUNT);
        self.page(shown, offset, list.len())
    }

    fn named(&self, room: &str) -> Result<Vec<u8>> {
        let fits = |position: &&u32| {
            at(&self.sizes, **position as usize) > LARGER_THAN
                && fits_name(self.names.get(**position))
        };
        let list = self.rooms.get(room).into_iter().flatten();
        let mut found: Vec<&u32> = list.filter(fits).collect();
        found.sort_unstable_by_key(|position| {
            (self.names.get(**position), self.ids.get(**position))
        });
        self.page(found.iter().copied().take(COUNT), 0, found.len())
    }

    fn wide(&self) -> Result<Vec<u8>> {
        let extension = self.extensions.iter().position(|known| known == EXTENSION);
        let fits = |position: &&u32| {
            at(&self.widths, **position as usize) >= WIDTH
                && self.extension.get(**position as usize).copied() == extension
        };
        let mut found = self.everything.iter().filter(fits);
        let shown: Vec<&u32> = found.by_ref().take(COUNT).collect();
        let total = shown.len() + found.count();
        self.page(shown.into_iter(), 0, total)
    }

    fn page<'a>(
        &self,
        shown: impl Iterator<Item = &'a u32>,
        offset: u64,
        total: usize,
    ) -> Result<Vec<u8>> {
        let mut page = PageText::new();
        for position in shown {
            page.add(self.texts.get(*position));
        }
        page.finish(offset, total as u64)
    }
}

impl Peer for Memory {
    fn load(&mut self, records: &mut [Record]) -> Result<()> {
        for record in records {
            writeln!(self.file, "{}", record.json)?;
            self.add(record)?;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<()> {
        self.sort();
        Ok(self.file.flush()?)
    }

    fn answer(&mut self, question: &Question) -> Result<Option<Vec<u8>>> {
        let offset = question.offset();
        Ok(Some(match question {
            Question::Room { room, .. } => self.window(self.rooms.get(room), offset)?,
            Question::RoomType { room } => {
                self.window(self.room_types.get(&room_type(room, TYPE_GROUP)), offset)?
            }
            Question::User { user } => self.window(self.users.get(user), offset)?,
            Question::Named { room } => self.named(room)?,
            Question::Wide => self.wide()?,
            Question::ByName { room } => self.window(self.rooms_by_name.get(room), offset)?,
            Question::One { id } => {
                return Ok(self.by_id.get(id).map(|position| self.texts.get(*position).to_vec()));
            }
            _ => return Ok(None),
        }))
    }

    fn put(&mut self, record: &Record) -> Result<bool> {
        writeln!(self.file, "{}", record.json)?;
        self.file.flush()?;
        self.file.get_ref().sync_data()?;
        Ok(true)
    }
}

fn room_type(room: &str, type_group: &str) -> String {
    format!("{room}\0{type_group}")
}

fn at<T: Copy + Default>(column: &[T], position: usize) -> T {
    column.get(position).copied().unwrap_or_default()
}
