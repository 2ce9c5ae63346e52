//! Values as text, as .NET's `String.Format` and `ToString` write them.
//!
//! The template language documents its `format`, `dateTimeAdd` and `utcNow` by reference to .NET.
//! The culture is the invariant one: `utcNow('d')` is documented to give `03/05/2019`, which the
//! culture of the United States would write `3/5/2019`. What this leaves open (the currency sign,
//! how a percent sign is set off) is told as [`Failure::Culture`].
//!
//! Sources: <https://learn.microsoft.com/dotnet/standard/base-types/standard-numeric-format-strings>,
//! `…/custom-numeric-format-strings`, `…/standard-date-and-time-format-strings`,
//! `…/custom-date-and-time-format-strings`, `…/composite-formatting`.

pub mod date;
pub mod number;

mod custom_number;

/// Why a format gives no text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// .NET would throw a `FormatException`; says what is wrong with the format.
    Format(String),
    /// The text depends on a culture or a version of .NET that is not documented.
    Culture,
    /// The result would have more characters than are worth writing.
    TooLong,
}
