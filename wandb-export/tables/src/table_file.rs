//! W&B tables (`*.table.json`), which are read row by row.
//!
//! `wandb.Table` saves an object with `columns`, a list of rows under `data`, and in artifacts also `ncols`, `nrows` and
//! `column_types` (`sdk/data_types/table.py` in wandb/wandb). The keys may come in any order, and `data` may have millions
//! of rows. So a file is read twice: [`TableHeader::read`] collects everything but the rows, and counts those;
//! [`TableRows`] then returns the rows. Neither holds more than a batch of rows in memory.
//!
//! [`TableReader`] also joins tables that consist of several files: partitioned, incremental and joined tables.
//!
//! # Values
//!
//! - Cells keep their values: numbers, `NaN`, nested lists and objects, and objects that stand for media.
//! - A time (a number of milliseconds in a column of type `timestamp`) becomes RFC 3339 text, unless
//!   [raw cells](RowOptions::raw) are requested.
//! - A column name that is no string becomes its JSON text. A repeated name gets a suffix: `x`, `x#2`, `x#3`.
//! - A row that is too short lacks the last columns. Cells beyond the last column are kept in columns `#4`, `#5` and so
//!   on, by their position in the row. Both are reported as a [`TableDefect`].

mod cell_type;
mod defect;
mod document;
mod error;
mod header;
mod join;
mod names;
mod reader;
mod rows;
mod scanner;
#[cfg(test)]
mod tests;

pub use cell_type::CellType;
pub use defect::TableDefect;
pub use document::{TableDocument, TableStore, sort_increments};
pub use error::TableFileError;
pub use header::{TableColumn, TableHeader};
pub use join::JoinKind;
pub use reader::TableReader;
pub use rows::{RowOptions, TableRows};
