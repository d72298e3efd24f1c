//! Opens the sink of a format.

use super::contract::Sink;
use super::error::SinkError;
use super::format::Format;
use super::jsonl::JsonLines;
use super::options::SinkOptions;
use super::output::Output;
use crate::columns::Nested;

impl Format {
    /// Creates a sink that writes this format to `output`.
    ///
    /// # Errors
    ///
    /// [`SinkError::NotCompiled`], or [`SinkError::NestedUnsupported`] for struct columns in a format without
    /// them.
    pub fn sink(self, output: Output, options: &SinkOptions) -> Result<Box<dyn Sink>, SinkError> {
        if let Some(nested @ Nested::Struct) = options.table.nested
            && !self.has_structs()
        {
            return Err(SinkError::NestedUnsupported { format: self, nested });
        }
        match self {
            Self::Jsonl => Ok(Box::new(JsonLines::new(output))),
            #[cfg(feature = "terminal")]
            Self::Table => Ok(super::terminal::sink(output, options)),
            #[cfg(feature = "csv")]
            Self::Csv => super::csv::sink(output, options),
            #[cfg(feature = "parquet")]
            Self::Parquet => Ok(super::parquet::sink(output, options)),
            #[cfg(feature = "parquet")]
            Self::Arrow => Ok(super::arrow::sink(output, options)),
            #[cfg(not(all(feature = "terminal", feature = "csv", feature = "parquet")))]
            format => Err(SinkError::NotCompiled { format }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn struct_columns_need_a_format_with_structs() {
        let mut options = SinkOptions::default();
        options.table.nested = Some(Nested::Struct);
        for format in Format::compiled() {
            let refused = format.sink(Output::writer("memory", Vec::new()), &options).err();
            assert_eq!(
                refused.is_some(),
                matches!(format, Format::Table | Format::Csv),
                "{format}: {refused:?}"
            );
        }
    }
}
