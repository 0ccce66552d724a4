//! A backend that has only what it must have, by another that it does not own up to.

use std::sync::Arc;

use filedex::{
    Backend, Document, Explain, Found, Plan, Put, Records, Report, Result, Stats, Tally, Walk,
    Watch, Window,
};

/// The other one.
pub(crate) struct Bare(pub(crate) Arc<dyn Backend>);

impl Records for Bare {
    fn page(&self, plan: &Plan, window: Window, watch: &Watch) -> Result<Found> {
        self.0.page(plan, window, watch)
    }
    fn total(&self, plan: &Plan, watch: &Watch) -> Result<u64> {
        self.0.total(plan, watch)
    }
    fn explain(&self, plan: &Plan, window: Window, watch: &Watch) -> Result<Explain> {
        self.0.explain(plan, window, watch)
    }
    fn walk(&self, plan: &Plan, watch: &Watch) -> Result<Walk> {
        self.0.walk(plan, watch)
    }
    fn get(&self, id: &str) -> Result<Option<Document>> {
        self.0.get(id)
    }
}

impl Backend for Bare {
    fn put(&self, record: &Document) -> Result<Put> {
        self.0.put(record)
    }
    fn put_many(&self, records: &mut dyn Iterator<Item = Document>) -> Result<Tally> {
        self.0.put_many(records)
    }
    fn update(&self, id: &str, change: &mut dyn FnMut(&mut Document)) -> Result<Option<Put>> {
        self.0.update(id, change)
    }
    fn remove(&self, id: &str) -> Result<bool> {
        self.0.remove(id)
    }
    fn remove_many(&self, ids: &mut dyn Iterator<Item = String>) -> Result<u64> {
        self.0.remove_many(ids)
    }
    fn stats(&self, watch: &Watch) -> Result<Stats> {
        self.0.stats(watch)
    }
    fn verify(&self, watch: &Watch, progress: &mut dyn FnMut(u64, u64)) -> Result<Report> {
        self.0.verify(watch, progress)
    }
    fn flush(&self) -> Result<()> {
        self.0.flush()
    }
    fn close(self: Arc<Self>) -> Result<()> {
        self.flush()
    }
}
