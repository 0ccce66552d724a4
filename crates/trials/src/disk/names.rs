//! Which names there are: in each directory its own, changed one by one and synced by directory.
//!
//! A change that no sync of its directory covers survives a cut or not; often in order, as a journal does
//! it, and as often each by chance. It knows files and directories by number, not what is in them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use fastrand::Rng;

/// The number of a file or directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Node {
    File(usize),
    Directory(usize),
}

/// The directory that everything is in; it is always there.
pub(super) const ROOT: usize = 0;

/// A name in a directory.
type Place = (usize, String);

/// The names as they are, and as a cut could leave them.
pub(super) struct Names {
    current: Table,
    durable: Table,
    /// Changes that no sync has covered yet, each with its moment.
    pending: Vec<(u64, Naming)>,
    directories: usize,
}

#[derive(Clone, Default)]
struct Table(BTreeMap<Place, Node>);

enum Naming {
    Enter(Place, Node),
    Leave(Place),
    /// File systems do it as one, also between directories.
    Move {
        from: Place,
        to: Place,
        node: Node,
    },
}

impl Names {
    pub(super) fn new() -> Names {
        let (current, durable) = (Table::default(), Table::default());
        Names { current, durable, pending: Vec::new(), directories: ROOT + 1 }
    }

    /// A directory that nothing has now.
    pub(super) fn directory(&mut self) -> Node {
        self.directories += 1;
        Node::Directory(self.directories - 1)
    }

    /// What a path names, from the root on.
    pub(super) fn find(&self, path: &Path) -> Option<Node> {
        let mut node = Node::Directory(ROOT);
        for name in path {
            let Node::Directory(directory) = node else { return None };
            let place = (directory, name.to_string_lossy().into_owned());
            node = *self.current.0.get(&place)?;
        }
        Some(node)
    }

    /// Enters a node under a path; false where there is no such directory.
    pub(super) fn enter(&mut self, path: &Path, node: Node, moment: u64) -> bool {
        let Some(place) = self.place(path) else { return false };
        self.change(moment, Naming::Enter(place, node))
    }

    pub(super) fn leave(&mut self, path: &Path, moment: u64) -> bool {
        let Some(place) = self.place(path) else { return false };
        self.change(moment, Naming::Leave(place))
    }

    pub(super) fn rename(&mut self, from: &Path, to: &Path, moment: u64) -> bool {
        let (Some(node), Some(from), Some(to)) =
            (self.find(from), self.place(from), self.place(to))
        else {
            return false;
        };
        self.change(moment, Naming::Move { from, to, node })
    }

    /// A sync of that directory that began then.
    pub(super) fn sync(&mut self, directory: usize, began: u64) {
        let durable = &mut self.durable;
        self.pending.retain(|(moment, naming)| {
            let is_covered = *moment <= began && naming.is_in(directory);
            if is_covered {
                durable.apply(naming);
            }
            !is_covered
        });
    }

    /// A sync of that file on a file system whose journal takes its name along, with all changes of names
    /// before.
    pub(super) fn sync_file(&mut self, file: usize) {
        let names = |(_, naming): &(u64, Naming)| matches!(naming, Naming::Enter(_, node) if *node == Node::File(file));
        let covered = self.pending.iter().rposition(names).map_or(0, |last| last + 1);
        for (_, naming) in self.pending.drain(..covered) {
            self.durable.apply(&naming);
        }
    }

    /// Everything is on the disk.
    pub(super) fn sync_all(&mut self) {
        self.pending.clear();
        self.durable = self.current.clone();
    }

    /// Every path that could be left by a cut, directories before what is in them.
    pub(super) fn cut(&self, random: &mut Rng) -> Vec<(PathBuf, Node)> {
        let mut names = self.durable.clone();
        let (in_order, kept) = (random.bool(), random.usize(0..=self.pending.len()));
        for (number, (_, naming)) in self.pending.iter().enumerate() {
            if if in_order { number < kept } else { random.bool() } {
                names.apply(naming);
            }
        }
        let mut found = Vec::new();
        names.walk(ROOT, Path::new(""), &mut found);
        found
    }

    fn place(&self, path: &Path) -> Option<Place> {
        match self.find(path.parent()?)? {
            Node::Directory(directory) => {
                Some((directory, path.file_name()?.to_string_lossy().into_owned()))
            }
            Node::File(_) => None,
        }
    }

    fn change(&mut self, moment: u64, naming: Naming) -> bool {
        self.current.apply(&naming);
        self.pending.push((moment, naming));
        true
    }
}

impl Naming {
    fn is_in(&self, directory: usize) -> bool {
        match self {
            Naming::Enter(place, _) | Naming::Leave(place) => place.0 == directory,
            Naming::Move { from, to, .. } => from.0 == directory || to.0 == directory,
        }
    }
}

impl Table {
    fn apply(&mut self, naming: &Naming) {
        match naming {
            Naming::Enter(place, node) => drop(self.0.insert(place.clone(), *node)),
            Naming::Leave(place) => drop(self.0.remove(place)),
            Naming::Move { from, to, node } => {
                if self.0.get(from) == Some(node) {
                    self.0.remove(from);
                }
                self.0.insert(to.clone(), *node);
            }
        }
    }

    fn walk(&self, directory: usize, path: &Path, found: &mut Vec<(PathBuf, Node)>) {
        let inside = self.0.range((directory, String::new())..(directory + 1, String::new()));
        for ((_, name), node) in inside {
            let path = path.join(name);
            found.push((path.clone(), *node));
            if let Node::Directory(below) = node {
                self.walk(*below, &path, found);
            }
        }
    }
}
