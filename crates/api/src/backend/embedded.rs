//! The store of this machine as a backend: every call is the store's own.

use std::sync::Arc;
use std::task::Waker;
use std::time::Duration;

use filedex_query::ejson::Marked;
use filedex_query::{
    Account, Collation, Date, Document, DocumentRef, Found as Match, Path, Plan, Value, Values,
};
use filedex_storage::{
    Activity, Batch, Changes, Explain, News, Page, Put, Report, Snapshot, Start, Stats, Store,
    Sweep, Tally, Watch, Window,
};

use super::{Backend, Follow, Found, Records, Walk, Writing};
use crate::Result;

/// The records of a store as they change, and those of a snapshot, answer by the same names.
macro_rules! answer {
    ($records:ty) => {
        impl Records for $records {
            fn page(&self, plan: &Plan, window: Window, watch: &Watch) -> Result<Found> {
                Ok(found(<$records>::page(self, plan, window, watch)?))
            }

            fn total(&self, plan: &Plan, watch: &Watch) -> Result<u64> {
                Ok(<$records>::total(self, plan, watch)?)
            }

            fn explain(&self, plan: &Plan, window: Window, watch: &Watch) -> Result<Explain> {
                Ok(<$records>::explain(self, plan, window, watch)?)
            }

            fn page_explained(
                &self,
                plan: &Plan,
                window: Window,
                watch: &Watch,
            ) -> Result<(Found, Explain)> {
                let page = <$records>::page(self, plan, window, watch)?;
                let explain = page.explain.clone();
                Ok((found(page), explain))
            }

            fn walk(&self, plan: &Plan, watch: &Watch) -> Result<Walk> {
                let cursor = self.cursor(plan, watch)?;
                Ok(Box::new(cursor.map(|found| found.map_err(Into::into))))
            }

            fn get(&self, id: &str) -> Result<Option<Document>> {
                Ok(<$records>::get(self, id)?)
            }

            fn texts(
                &self,
                plan: &Plan,
                window: Window,
                watch: &Watch,
                visitor: &mut dyn FnMut(&[u8], u64),
            ) -> Result<u64> {
                Ok(<$records>::texts(self, plan, window, watch, visitor)?)
            }

            fn marked(
                &self,
                plan: &Plan,
                window: Window,
                watch: &Watch,
                visitor: &mut dyn FnMut(Marked<'_>),
            ) -> Result<u64> {
                Ok(<$records>::marked(self, plan, window, watch, visitor)?)
            }

            fn show(
                &self,
                plan: &Plan,
                window: Window,
                watch: &Watch,
                visitor: &mut dyn FnMut(&[DocumentRef<'_>], &Account),
            ) -> Result<u64> {
                Ok(<$records>::show(self, plan, window, watch, visitor)?)
            }

            fn get_text(&self, id: &str) -> Result<Option<Vec<u8>>> {
                Ok(<$records>::get_text(self, id)?)
            }

            fn page_at(
                &self,
                plan: &Plan,
                start: &Start,
                window: Window,
                watch: &Watch,
            ) -> Result<Found> {
                Ok(found(<$records>::page_at(self, plan, start, window, watch)?))
            }

            fn rank(&self, plan: &Plan, id: &str, watch: &Watch) -> Result<Option<u64>> {
                Ok(<$records>::rank(self, plan, id, watch)?.map(|(rank, _)| rank))
            }

            fn sum(&self, plan: &Plan, path: &Path, watch: &Watch) -> Result<Value> {
                Ok(<$records>::sum(self, plan, path, watch)?.0)
            }

            fn values(
                &self,
                plan: &Plan,
                path: &Path,
                collation: &Collation,
                watch: &Watch,
            ) -> Result<Values> {
                Ok(<$records>::values(self, plan, path, collation, watch)?.0)
            }
        }
    };
}

answer!(Store);
answer!(Snapshot);

impl Backend for Store {
    fn put(&self, record: &Document) -> Result<Put> {
        Ok(Store::put(self, record)?)
    }

    fn put_many(&self, records: &mut dyn Iterator<Item = Document>) -> Result<Tally> {
        Ok(Store::put_many(self, records)?)
    }

    fn update(&self, id: &str, change: &mut dyn FnMut(&mut Document)) -> Result<Option<Put>> {
        Ok(Store::update(self, id, change)?)
    }

    fn remove(&self, id: &str) -> Result<bool> {
        Ok(Store::remove(self, id)?)
    }

    fn remove_many(&self, ids: &mut dyn Iterator<Item = String>) -> Result<u64> {
        Ok(Store::remove_many(self, ids)?)
    }

    fn stats(&self, watch: &Watch) -> Result<Stats> {
        Ok(self.stats_within(watch)?)
    }

    fn verify(&self, watch: &Watch, progress: &mut dyn FnMut(u64, u64)) -> Result<Report> {
        Ok(self.verify_within(watch, progress)?)
    }

    fn activity(&self) -> Activity {
        Store::activity(self)
    }

    fn flush(&self) -> Result<()> {
        Ok(Store::flush(self)?)
    }

    fn close(self: Arc<Self>) -> Result<()> {
        Ok(Store::clone(&self).close()?)
    }

    fn recoveries(&self) -> &[String] {
        Store::recoveries(self)
    }

    fn embedded(&self) -> Option<&Store> {
        Some(self)
    }

    fn write(&self, work: &mut dyn FnMut(&mut dyn Writing) -> Result<()>) -> Result<()> {
        Store::write(self, |batch| work(batch))
    }

    fn remove_all(
        &self,
        plan: &Plan,
        watch: &Watch,
        progress: &mut dyn FnMut(Sweep),
    ) -> Result<Sweep> {
        Ok(Store::remove_all(self, plan, watch, progress)?)
    }

    fn change_all(
        &self,
        plan: &Plan,
        watch: &Watch,
        change: &mut dyn FnMut(Document, Match) -> Result<Document>,
        progress: &mut dyn FnMut(Sweep),
    ) -> Result<Sweep> {
        Store::change_all(self, plan, watch, change, progress)
    }

    fn expire(&self, due: &Plan, path: &Path, now: Date, watch: &Watch) -> Result<u64> {
        Ok(Store::expire(self, due, path, now, watch)?)
    }

    fn snapshot(&self) -> Result<Arc<dyn Records>> {
        Ok(Arc::new(Store::snapshot(self)))
    }

    fn follow(&self, plan: &Plan, behind: Option<u64>) -> Result<Box<dyn Follow>> {
        Ok(Box::new(self.changes(plan, behind)?))
    }

    fn checkpoint(&self) -> Result<()> {
        Ok(Store::checkpoint(self)?)
    }
}

impl Writing for Batch<'_, '_> {
    fn get(&mut self, id: &str) -> Result<Option<Document>> {
        Ok(Batch::get(self, id)?)
    }

    fn put(&mut self, record: &Document) -> Result<Put> {
        Ok(Batch::put(self, record)?)
    }

    fn remove(&mut self, id: &str) -> Result<bool> {
        Ok(Batch::remove(self, id)?)
    }

    fn records(&mut self) -> Result<Arc<dyn Records>> {
        Ok(Arc::new(self.snapshot()))
    }
}

impl Follow for Changes {
    fn wait(&mut self, time: Duration) -> Result<Option<News>> {
        Ok(Changes::wait(self, time)?)
    }

    fn poll(&mut self, waker: &Waker) -> Result<Option<News>> {
        Ok(Changes::poll(self, waker)?)
    }

    fn number(&self) -> u64 {
        Changes::number(self)
    }

    fn has_ended(&self) -> bool {
        Changes::has_ended(self)
    }
}

fn found(page: Page) -> Found {
    Found { documents: page.documents, total: page.total, ends: page.ends }
}
