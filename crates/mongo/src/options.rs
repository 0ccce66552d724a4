//! How servers are reached and what is kept where.

use std::time::Duration;

use filedex::Result;

use crate::Mongo;
use crate::connection::Connection;

/// How an index over MongoDB is opened.
///
/// A Rocket.Chat's own uploads are read as they are:
///
/// ```no_run
/// use std::sync::Arc;
/// use filedex::Filedex;
/// use filedex_mongo::MongoOptions;
///
/// let uploads = MongoOptions::new("mongodb://localhost/rocketchat?replicaSet=rs0")
///     .collection("rocketchat_uploads")
///     .read_only()
///     .connect()?;
/// let index = Filedex::options().over(Arc::new(uploads));
/// println!("{}", index.room("GENERAL").total()?);
/// # Ok::<(), filedex::Error>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct MongoOptions {
    pub(crate) uri: String,
    pub(crate) collection: String,
    pub(crate) is_read_only: bool,
    pub(crate) time: Duration,
    pub(crate) uses_transactions: bool,
}

/// The database where an address names none, and the collection where nobody says.
pub(crate) const DATABASE: &str = "filedex";
const COLLECTION: &str = "files";

impl MongoOptions {
    /// The servers and the database of that address, which is a connection string of MongoDB's; where it
    /// names no database, `filedex`.
    pub fn new(uri: impl Into<String>) -> MongoOptions {
        MongoOptions {
            uri: uri.into(),
            collection: COLLECTION.to_owned(),
            is_read_only: false,
            time: Duration::from_secs(30),
            uses_transactions: true,
        }
    }

    /// The collection that the records are in (default: `files`).
    pub fn collection(mut self, name: impl Into<String>) -> MongoOptions {
        self.collection = name.into();
        self
    }

    /// Refuses every write.
    pub fn read_only(mut self) -> MongoOptions {
        self.is_read_only = true;
        self
    }

    /// The time that opening, a write, or a call without a time limit of its own may take (default: 30 s).
    pub fn time(mut self, time: Duration) -> MongoOptions {
        self.time = time;
        self
    }

    /// Does without transactions also where the servers have them. Page and total then come from one
    /// command where that can be, and batches are not atomic.
    pub fn without_transactions(mut self) -> MongoOptions {
        self.uses_transactions = false;
        self
    }

    /// Connects.
    ///
    /// # Errors
    /// `Io` for an address that is none, servers that don't answer, or don't let in.
    pub fn connect(&self) -> Result<Mongo> {
        Ok(Mongo::new(Connection::open(self)?))
    }
}
