//! Pages that begin or end at a record instead of at an offset, so that they stay where they are while others
//! upload; and the tokens by which clients ask for the next one.

use filedex_query::{Document, Environment, Plan, Position, Sort};
use filedex_storage::Start;

use super::Lookup;
use crate::{Record, Result};

/// Where a page begins or ends, as the host has said it.
#[derive(Clone, Debug)]
pub(super) enum Seek {
    After(Beside),
    Before(Beside),
}

/// What a page lies next to.
#[derive(Clone, Debug)]
pub(super) enum Beside {
    Record(Document),
    Token(String),
}

/// The places at which a page begins and ends, in its order.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Ends {
    sort: Sort,
    first: Position,
    last: Position,
}

/// The order of a lookup that asks for none, where it needs one.
const NEWEST_FIRST: &str = r#"{"uploadedAt":-1}"#;

impl Lookup {
    /// The page begins behind that record, in the order of the sort; newest first without one. The record has
    /// its `_id` and all fields that are sorted by; it need not be there any more, or match. An offset is
    /// counted from there. Such a page costs what the first one costs, at any depth.
    ///
    /// ```
    /// use filedex::{File, Filedex};
    /// let index = Filedex::temporary()?;
    /// for (id, size) in [("a", 10), ("b", 20), ("c", 30)] {
    ///     index.put(&File::new(id)?.with_room("GENERAL").with_size(size))?;
    /// }
    /// let by_size = index.room("GENERAL").sort(r#"{"size": -1}"#)?;
    /// let page = by_size.clone().after(&File::new("b")?.with_size(20))?.count(50).page()?;
    /// assert_eq!((page.files[0].get_str("_id"), page.count, page.total), (Some("a"), 1, 3));
    ///
    /// // A client goes on with a text.
    /// let page = by_size.clone().count(1).page()?;
    /// let token = page.next_token().unwrap();
    /// let page = by_size.after_token(&token).count(1).page()?;
    /// assert_eq!(page.files[0].get_str("_id"), Some("b"));
    /// # Ok::<(), filedex::Error>(())
    /// ```
    ///
    /// # Errors
    /// `InvalidRecord`, as [`Record::record`].
    pub fn after(mut self, record: &impl Record) -> Result<Lookup> {
        let record = record.record()?.into_owned();
        self.seek = Some(Seek::After(Beside::Record(record)));
        Ok(self)
    }

    /// The page ends before that record; as [`Lookup::after`]. With a count it has the records next to it, in the
    /// order of the sort.
    ///
    /// # Errors
    /// As [`Lookup::after`].
    pub fn before(mut self, record: &impl Record) -> Result<Lookup> {
        let record = record.record()?.into_owned();
        self.seek = Some(Seek::Before(Beside::Record(record)));
        Ok(self)
    }

    /// The page begins behind the place of that token, one of [`Page::next_token`](crate::Page::next_token). It
    /// holds for the same order, whatever the filters are; a token of another order makes the page a `Query`
    /// error.
    pub fn after_token(mut self, token: &str) -> Lookup {
        self.seek = Some(Seek::After(Beside::Token(token.to_owned())));
        self
    }

    /// The page ends before the place of that token, one of
    /// [`Page::previous_token`](crate::Page::previous_token).
    pub fn before_token(mut self, token: &str) -> Lookup {
        self.seek = Some(Seek::Before(Beside::Token(token.to_owned())));
        self
    }

    /// The plan of the page, and where it lies.
    pub(super) fn placed_plan(&self) -> Result<(Plan, Option<Start>)> {
        let Some(seek) = &self.seek else { return Ok((self.plan()?, None)) };
        let plan = self.ordered_plan()?;
        let place = |beside: &Beside| -> Result<Position> {
            match beside {
                Beside::Record(record) => Ok(plan.sort().position(record.view())?),
                Beside::Token(token) => {
                    Ok(Position::from_token(token, &self.order()?, plan.limits())?)
                }
            }
        };
        let start = match seek {
            Seek::After(beside) => Start::After(place(beside)?),
            Seek::Before(beside) => Start::Before(place(beside)?),
        };
        Ok((plan, Some(start)))
    }

    /// The plan with an order.
    pub(super) fn ordered_plan(&self) -> Result<Plan> {
        self.plan_of(self.projection.clone(), self.order()?)
    }

    /// The order as it was asked for.
    pub(super) fn order(&self) -> Result<Sort> {
        match self.sort.is_none() {
            true => Ok(Sort::parse_text(NEWEST_FIRST, &Environment::default())?),
            false => Ok(self.sort.clone()),
        }
    }
}

impl Ends {
    pub(super) fn new(sort: Sort, (first, last): (Position, Position)) -> Ends {
        Ends { sort, first, last }
    }

    pub(crate) fn first_token(&self) -> String {
        self.first.to_token(&self.sort)
    }

    pub(crate) fn last_token(&self) -> String {
        self.last.to_token(&self.sort)
    }
}
