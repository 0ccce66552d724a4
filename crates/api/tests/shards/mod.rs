//! Several backends as one, records spread over them by their rooms: what a sharded cluster does, in
//! small, with the shards that each call touches counted.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use filedex::{
    Backend, Document, Explain, Found, Plan, Put, Records, Report, Result, Stats, Tally, Value,
    Walk, Watch, Window,
};
use filedex_query::{Account, Bound, key};

/// Backends by number; a record lies in the one that its room falls to.
pub struct Sharded {
    shards: Vec<Arc<dyn Backend>>,
    touched: AtomicU64,
}

impl Sharded {
    pub fn new(shards: Vec<Arc<dyn Backend>>) -> Sharded {
        Sharded { shards, touched: AtomicU64::new(0) }
    }

    /// How many shards were asked since the last time.
    pub fn touched(&self) -> u64 {
        self.touched.swap(0, Ordering::Relaxed)
    }

    /// Takes out what lies elsewhere under that id: ids are unique within a shard alone.
    fn clear(&self, record: &Document) -> Result<bool> {
        let (id, home) = (record.get_str("_id").unwrap_or_default(), self.of(record));
        let mut elsewhere = self.shards.iter().filter(|shard| !Arc::ptr_eq(shard, home));
        elsewhere.try_fold(false, |gone, shard| Ok(shard.remove(id)? || gone))
    }

    /// The number of the shard that records of that room lie in.
    fn number(&self, room: &Value) -> usize {
        let mut bytes = Vec::new();
        key::append(&mut bytes, room.view());
        // FNV-1a: rooms fall anywhere.
        let hash = bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3)
        });
        (hash % self.shards.len() as u64) as usize
    }

    fn of(&self, record: &Document) -> &Arc<dyn Backend> {
        &self.shards[self.number(&record.get("rid").cloned().unwrap_or_default())]
    }

    /// The shards that may hold records of the plan's answer.
    fn asked(&self, plan: &Plan) -> Vec<&Arc<dyn Backend>> {
        let bounds = plan.conjuncts().iter().filter_map(|conjunct| conjunct.bound());
        let rooms = bounds.filter_map(|bound| match bound {
            Bound::Points { field, values } if field == "rid" => Some(values),
            _ => None,
        });
        let mut numbers: Vec<usize> = match rooms.min_by_key(|rooms| rooms.len()) {
            Some(rooms) => rooms.iter().map(|room| self.number(room)).collect(),
            None => (0..self.shards.len()).collect(),
        };
        numbers.sort_unstable();
        numbers.dedup();
        self.touched.fetch_add(numbers.len() as u64, Ordering::Relaxed);
        numbers.into_iter().map(|number| &self.shards[number]).collect()
    }
}

/// The records of the window among those of all, in the plan's order, as it shows them.
fn merge(plan: &Plan, found: Vec<Document>, window: Window) -> Result<Vec<Document>> {
    let mut keyed = Vec::with_capacity(found.len());
    for record in found {
        keyed.push((plan.sort().key_with_id(record.view())?, record));
    }
    keyed.sort_by(|a, b| a.0.cmp(&b.0));
    let count = window.count.map_or(usize::MAX, |count| count as usize);
    let merged = keyed.into_iter().skip(window.offset as usize).take(count);
    merged.map(|(_, record)| show(plan, &record)).collect()
}

fn show(plan: &Plan, record: &Document) -> Result<Document> {
    let account = Account::new(plan.limits());
    let found = match plan.projection().needs_position() {
        true => plan.matcher().find_within(record.view(), &account)?,
        false => None,
    };
    Ok(plan.projection().apply_within(record.view(), found, &account)?)
}

impl Records for Sharded {
    fn page(&self, plan: &Plan, window: Window, watch: &Watch) -> Result<Found> {
        let asked = self.asked(plan);
        if let [shard] = asked.as_slice() {
            return shard.page(plan, window, watch);
        }
        let (whole, mut all) = (plan.whole(true), Found::default());
        let head = window.count.map(|count| window.offset.saturating_add(count));
        for shard in asked {
            let found = shard.page(&whole, Window { offset: 0, count: head }, watch)?;
            all.documents.extend(found.documents);
            all.total += found.total;
        }
        all.documents = merge(plan, all.documents, window)?;
        Ok(all)
    }

    fn total(&self, plan: &Plan, watch: &Watch) -> Result<u64> {
        self.asked(plan).iter().map(|shard| shard.total(plan, watch)).sum()
    }

    fn explain(&self, plan: &Plan, window: Window, watch: &Watch) -> Result<Explain> {
        self.asked(plan)[0].explain(plan, window, watch)
    }

    fn walk(&self, plan: &Plan, watch: &Watch) -> Result<Walk> {
        let all = self.page(plan, Window::all(), watch)?.documents;
        Ok(Box::new(all.into_iter().map(Ok)))
    }

    fn get(&self, id: &str) -> Result<Option<Document>> {
        self.touched.fetch_add(self.shards.len() as u64, Ordering::Relaxed);
        self.shards.iter().find_map(|shard| shard.get(id).transpose()).transpose()
    }
}

impl Backend for Sharded {
    fn put(&self, record: &Document) -> Result<Put> {
        let moved = self.clear(record)?;
        let put = self.of(record).put(record)?;
        Ok(if moved { Put::Replaced } else { put })
    }

    fn put_many(&self, records: &mut dyn Iterator<Item = Document>) -> Result<Tally> {
        let mut tally = Tally::default();
        for record in records {
            tally.add(self.put(&record)?);
        }
        Ok(tally)
    }

    fn update(&self, id: &str, change: &mut dyn FnMut(&mut Document)) -> Result<Option<Put>> {
        let Some(mut record) = self.get(id)? else { return Ok(None) };
        change(&mut record);
        self.put(&record).map(Some)
    }

    fn remove(&self, id: &str) -> Result<bool> {
        self.shards.iter().try_fold(false, |gone, shard| Ok(shard.remove(id)? || gone))
    }

    fn remove_many(&self, ids: &mut dyn Iterator<Item = String>) -> Result<u64> {
        ids.map(|id| self.remove(&id).map(u64::from)).sum()
    }

    fn stats(&self, watch: &Watch) -> Result<Stats> {
        let mut all = Stats::default();
        for shard in &self.shards {
            all.records += shard.stats(watch)?.records;
        }
        Ok(all)
    }

    fn verify(&self, watch: &Watch, progress: &mut dyn FnMut(u64, u64)) -> Result<Report> {
        let mut all = Report::default();
        for shard in &self.shards {
            let report = shard.verify(watch, progress)?;
            all.records += report.records;
            all.problems.extend(report.problems);
        }
        Ok(all)
    }

    fn flush(&self) -> Result<()> {
        self.shards.iter().try_for_each(|shard| shard.flush())
    }

    fn close(self: Arc<Self>) -> Result<()> {
        self.flush()
    }
}
