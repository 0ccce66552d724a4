//! The store of this machine as a backend: every call is the store's own.

use std::sync::Arc;

use filedex_query::{Account, Document, DocumentRef, Plan};
use filedex_storage::{Activity, Explain, Put, Report, Stats, Store, Tally, Watch, Window};

use super::{Backend, Found, Records, Walk};
use crate::Result;

impl Records for Store {
    fn page(&self, plan: &Plan, window: Window, watch: &Watch) -> Result<Found> {
        let page = Store::page(self, plan, window, watch)?;
        Ok(Found { documents: page.documents, total: page.total })
    }

    fn total(&self, plan: &Plan, watch: &Watch) -> Result<u64> {
        Ok(Store::total(self, plan, watch)?)
    }

    fn explain(&self, plan: &Plan, window: Window, watch: &Watch) -> Result<Explain> {
        Ok(Store::explain(self, plan, window, watch)?)
    }

    fn page_explained(
        &self,
        plan: &Plan,
        window: Window,
        watch: &Watch,
    ) -> Result<(Found, Explain)> {
        let page = Store::page(self, plan, window, watch)?;
        Ok((Found { documents: page.documents, total: page.total }, page.explain))
    }

    fn walk(&self, plan: &Plan, watch: &Watch) -> Result<Walk> {
        let cursor = self.cursor(plan, watch)?;
        Ok(Box::new(cursor.map(|found| found.map_err(Into::into))))
    }

    fn get(&self, id: &str) -> Result<Option<Document>> {
        Ok(Store::get(self, id)?)
    }

    fn texts(
        &self,
        plan: &Plan,
        window: Window,
        watch: &Watch,
        visitor: &mut dyn FnMut(&[u8]),
    ) -> Result<u64> {
        Ok(Store::texts(self, plan, window, watch, visitor)?)
    }

    fn show(
        &self,
        plan: &Plan,
        window: Window,
        watch: &Watch,
        visitor: &mut dyn FnMut(&[DocumentRef<'_>], &Account),
    ) -> Result<u64> {
        Ok(Store::show(self, plan, window, watch, visitor)?)
    }

    fn get_text(&self, id: &str) -> Result<Option<Vec<u8>>> {
        Ok(Store::get_text(self, id)?)
    }
}

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

    fn stats(&self) -> Result<Stats> {
        Ok(Store::stats(self)?)
    }

    fn verify(&self, progress: &mut dyn FnMut(u64, u64)) -> Result<Report> {
        Ok(Store::verify(self, progress)?)
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
}
