//! Pages as tables: what their columns hold, without a value being made.

use wandb_core::page::{Cell, CellKind, Column, Page};

use super::layout::Layout;
use super::nested::Nested;
use super::number::{digits_as_f64, int_as_f64};
use super::schema_builder::SchemaBuilder;
use super::tally::{Tally, ValueKind};

/// Integers of so many characters fit a double.
const SURELY_EXACT: usize = 15;

impl SchemaBuilder {
    /// Takes the rows of a page into account. `false`, and nothing is, if they have objects that have to be taken
    /// apart, so that they have to be looked at one by one.
    pub(crate) fn observe_page(&mut self, page: &Page) -> bool {
        if self.nested() == Nested::Struct {
            return false;
        }
        let counts: Vec<Counts> = page.columns().map(Counts::of).collect();
        if self.nested() == Nested::Dotted && counts.iter().any(|counts| counts.records > 0) {
            return false;
        }
        for (place, (column, counts)) in page.columns().zip(counts).enumerate() {
            self.observe_column(place, column.key(), &counts.tally, counts.empty_objects);
        }
        true
    }
}

/// The columns of a page that are columns of a schema.
#[cfg(any(feature = "csv", feature = "parquet"))]
pub(crate) struct PageColumns<'page> {
    /// By slot, in order.
    pub(crate) by_slot: Vec<(usize, Column<'page>)>,
}

#[cfg(any(feature = "csv", feature = "parquet"))]
impl<'page> PageColumns<'page> {
    /// `None` if the page has keys that go to the column for the rest, so that its rows have to be looked at one by one.
    pub(crate) fn of(layout: &Layout, page: &'page Page) -> Option<Self> {
        let mut by_slot = Vec::with_capacity(page.columns().len());
        for column in page.columns() {
            match layout.slot_of(column.key()) {
                Some(slot) => by_slot.push((slot, column)),
                None if layout.rest.is_some() => return None,
                // Its rows are null, or somebody else has said so.
                None => {}
            }
        }
        by_slot.sort_by_key(|(slot, _)| *slot);
        Some(Self { by_slot })
    }
}

/// What there is in a column.
#[derive(Default)]
struct Counts {
    tally: Tally,
    empty_objects: u64,
    records: u64,
}

impl Counts {
    fn of(column: Column<'_>) -> Self {
        let mut counts = Self::default();
        // Most cells are floats. They say nothing but that they are there.
        let mut floats = 0;
        for cell in column.cells() {
            match cell.kind() {
                CellKind::Float => floats += 1,
                CellKind::Missing => {}
                _ => counts.add(cell),
            }
        }
        counts.tally.add(ValueKind::Float, floats);
        counts
    }

    fn add(&mut self, cell: Cell<'_>) {
        let Some(kind) = value_kind(cell) else { return };
        self.tally.add(kind, 1);
        self.empty_objects += u64::from(cell.kind() == CellKind::Object && cell.text_len() == 2);
        self.records += u64::from(cell.kind() == CellKind::Record);
        if is_inexact(cell) {
            self.tally.add_inexact_integers(1);
        }
    }
}

/// What a cell counts as; nothing if it is missing.
pub(super) fn value_kind(cell: Cell<'_>) -> Option<ValueKind> {
    Some(match cell.kind() {
        CellKind::Null => ValueKind::Null,
        CellKind::False | CellKind::True => ValueKind::Bool,
        CellKind::Int => ValueKind::Integer,
        CellKind::BigInt => ValueKind::BigInteger,
        CellKind::Float | CellKind::NaN | CellKind::Infinity | CellKind::NegativeInfinity => ValueKind::Float,
        CellKind::String if cell.non_finite().is_some() => ValueKind::NonFiniteText,
        CellKind::String => ValueKind::String,
        CellKind::List => ValueKind::List,
        CellKind::Object | CellKind::Record => ValueKind::Object,
        _ => return None,
    })
}

/// The double that a cell is; `None` where a double would not be the same number.
#[cfg(feature = "parquet")]
pub(super) fn as_f64(cell: Cell<'_>) -> Option<f64> {
    match cell.kind() {
        CellKind::Float => cell.text().parse().ok(),
        CellKind::Int => int_as_f64(cell.text().parse().ok()?),
        CellKind::BigInt => digits_as_f64(cell.text()),
        _ => cell.non_finite(),
    }
}

fn is_inexact(cell: Cell<'_>) -> bool {
    match cell.kind() {
        CellKind::Int if cell.text_len() > SURELY_EXACT => {
            cell.text().parse().ok().and_then(int_as_f64).is_none()
        }
        CellKind::BigInt => digits_as_f64(cell.text()).is_none(),
        _ => false,
    }
}
