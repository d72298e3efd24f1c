//! Infers and reads the columns of pages without building values.

use wandb_core::page::{Cell, CellKind, Column, Page};

use super::kind_counts::{KindCounts, ValueKind};
use super::layout::Layout;
use super::nested::Nested;
use super::number::{digits_as_f64, int_as_f64};
use super::schema_builder::SchemaBuilder;

/// Integers of at most this many characters are exact doubles.
const SURELY_EXACT: usize = 15;

impl SchemaBuilder {
    /// Observes the rows of a page. Returns false and observes nothing if the page has objects to split; its
    /// rows must then be observed one by one.
    pub(crate) fn observe_page(&mut self, page: &Page) -> bool {
        if self.nested() == Nested::Struct {
            return false;
        }
        let counts: Vec<Counts> = page.columns().map(Counts::of).collect();
        if self.nested() == Nested::Dotted && counts.iter().any(|counts| counts.records > 0) {
            return false;
        }
        for (place, (column, counts)) in page.columns().zip(counts).enumerate() {
            self.observe_column(place, column.key(), &counts.kinds, counts.empty_objects);
        }
        true
    }
}

/// The columns of a page matched to the columns of a schema.
#[cfg(any(feature = "csv", feature = "parquet"))]
pub(crate) struct PageColumns<'page> {
    /// Slots with their page columns, in slot order.
    pub(crate) by_slot: Vec<(usize, Column<'page>)>,
}

#[cfg(any(feature = "csv", feature = "parquet"))]
impl<'page> PageColumns<'page> {
    /// Matches the columns of a page. Returns `None` if a key belongs to the column for the rest; the rows
    /// must then be read one by one.
    pub(crate) fn of(layout: &Layout, page: &'page Page) -> Option<Self> {
        let mut by_slot = Vec::with_capacity(page.columns().len());
        for column in page.columns() {
            match layout.slot_of(column.key()) {
                Some(slot) => by_slot.push((slot, column)),
                None if layout.rest.is_some() => return None,
                // The column is all null, or its key was already reported as an error.
                None => {}
            }
        }
        by_slot.sort_by_key(|(slot, _)| *slot);
        Some(Self { by_slot })
    }
}

/// Counts of the values in a column.
#[derive(Default)]
struct Counts {
    kinds: KindCounts,
    empty_objects: u64,
    records: u64,
}

impl Counts {
    fn of(column: Column<'_>) -> Self {
        let mut counts = Self::default();
        // Most cells are floats, and a count of them is enough.
        let mut floats = 0;
        for cell in column.cells() {
            match cell.kind() {
                CellKind::Float => floats += 1,
                CellKind::Missing => {}
                _ => counts.add(cell),
            }
        }
        counts.kinds.add(ValueKind::Float, floats);
        counts
    }

    fn add(&mut self, cell: Cell<'_>) {
        let Some(kind) = value_kind(cell) else { return };
        self.kinds.add(kind, 1);
        self.empty_objects += u64::from(cell.kind() == CellKind::Object && cell.text_len() == 2);
        self.records += u64::from(cell.kind() == CellKind::Record);
        if is_inexact(cell) {
            self.kinds.add_inexact_integers(1);
        }
    }
}

/// Returns the kind of a cell, or `None` if it is missing.
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

/// Converts a cell to a double, or returns `None` if that would change the number.
#[cfg(feature = "parquet")]
pub(crate) fn cell_as_f64(cell: Cell<'_>) -> Option<f64> {
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
