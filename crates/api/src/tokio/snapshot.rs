//! One state of an index, whose answers are futures.

use filedex_query::Document;

use super::places::Places;
use super::{Filedex, Lookup};
use crate::{File, Result, Scope};

/// An index as it was at one moment: [`crate::Snapshot`], whose answers are futures.
#[derive(Clone, Debug)]
pub struct Snapshot {
    snapshot: crate::Snapshot,
    places: Places,
}

impl Filedex {
    /// The index as it is now, for as long as it is kept.
    ///
    /// # Errors
    /// As [`crate::Filedex::snapshot`].
    pub async fn snapshot(&self) -> Result<Snapshot> {
        let places = self.places.clone();
        Ok(Snapshot { snapshot: self.run(|index| index.snapshot()).await?, places })
    }
}

crate::scope::lookups!(Snapshot, Lookup);

impl Snapshot {
    /// The record of that id, with its types.
    ///
    /// # Errors
    /// As [`crate::Snapshot::get`].
    pub async fn get(&self, id: &str) -> Result<Option<File>> {
        self.get_document(id).await?.map(File::from_document).transpose()
    }

    /// The record of that id, as it was put in.
    ///
    /// # Errors
    /// As [`crate::Snapshot::get_document`].
    pub async fn get_document(&self, id: &str) -> Result<Option<Document>> {
        let (snapshot, id) = (self.snapshot.clone(), id.to_owned());
        self.places.run(move || snapshot.get_document(&id)).await
    }

    /// Starts a lookup under a scope.
    pub fn lookup(&self, scope: Scope) -> Lookup {
        Lookup::new(self.snapshot.lookup(scope), self.places.clone())
    }
}
