use super::{check, evaluated, show, unknown};
use crate::eval::value::{Bounds, Data, Piece, Reason};

#[test]
fn times_are_moved_and_written_as_documented() {
    check(&[
        (
            "dateTimeAdd('2020-04-07 14:53:14Z', 'P3Y', 'yyyy-MM-dd')",
            r#""2023-04-07""#,
        ),
        (
            "dateTimeAdd('2020-04-07 14:53:14Z', '-P9D', 'u')",
            r#""2020-03-29 14:53:14Z""#,
        ),
        // A year is 365 days and a month 30, leap years or not.
        (
            "dateTimeAdd('2024-01-01T00:00:00Z', 'P1Y')",
            r#""2024-12-31T00:00:00Z""#,
        ),
        (
            "dateTimeAdd('2024-02-01T00:00:00Z', 'P1M')",
            r#""2024-03-02T00:00:00Z""#,
        ),
        (
            "dateTimeAdd('20260301T000000Z', 'PT90M', 'HHmm')",
            r#""0130""#,
        ),
        ("dateTimeFromEpoch(1683040573)", r#""2023-05-02T15:16:13Z""#),
        ("dateTimeToEpoch('2023-05-02T15:16:13Z')", "1683040573"),
        ("dateTimeToEpoch('2023-05-02T17:16:13+02:00')", "1683040573"),
        ("dateTimeToEpoch(dateTimeFromEpoch(0))", "0"),
    ]);
}

#[test]
fn a_sum_whose_notation_is_in_doubt_is_one_of_both_and_one_moment() {
    let sum = "dateTimeAdd('2024-01-01 00:00:00Z', 'P1Y')";
    let (value, messages) = evaluated("", sum);
    assert!(messages.is_empty(), "{messages:?}");
    let Bounds::OneOf(values) = &unknown(&value).bounds else {
        panic!("{}", show(&value));
    };
    let texts: Vec<String> = values.iter().map(show).collect();
    assert_eq!(
        texts,
        [r#""2024-12-31 00:00:00Z""#, r#""2024-12-31T00:00:00Z""#]
    );
    let (value, _) = evaluated("", &format!("dateTimeToEpoch({sum})"));
    let Bounds::OneOf(values) = &unknown(&value).bounds else {
        panic!("{}", show(&value));
    };
    assert!(
        values
            .iter()
            .all(|value| value.as_i64() == Some(1_735_603_200))
    );
}

#[test]
fn the_time_of_the_deployment_is_unknown_but_its_format_is_not() {
    let (value, messages) = evaluated("", "utcNow('yyyy-MM')");
    assert!(messages.is_empty(), "{messages:?}");
    let Data::Template(pieces) = &value.data else {
        panic!("{}", show(&value));
    };
    let [Piece::Hole(year), Piece::Literal(dash), Piece::Hole(month)] = pieces.as_ref() else {
        panic!("{}", show(&value));
    };
    assert_eq!(&**dash, "-");
    assert_eq!(&*year.label, "utcNow()");
    assert_eq!(year.reason, Reason::RunTimeFunction("utcNow".into()));
    assert!(matches!(year.bounds, Bounds::Length(4, Some(4))));
    assert!(matches!(&month.bounds, Bounds::OneOf(values) if values.len() == 12));
    let (value, _) = evaluated("", "startsWith(utcNow('MM'), '13')");
    assert_eq!(value.as_bool(), None);
    let (value, _) = evaluated("", "equals(utcNow('MM'), '13')");
    assert_eq!(value.as_bool(), Some(false));
    // Two calls are two times.
    let (value, _) = evaluated("", "equals(utcNow(), utcNow())");
    assert_eq!(value.as_bool(), None);
}

#[test]
fn what_is_no_time_is_told() {
    for (expression, part) in [
        ("dateTimeAdd('4/7/2020', 'P1D')", "'4/7/2020' is no date"),
        (
            "dateTimeAdd('2020-04-07T00:00:00Z', '1 day')",
            "no duration",
        ),
        (
            "dateTimeAdd('2020-04-07T00:00:00Z', 'P1D', 'q')",
            "no format",
        ),
        (
            "dateTimeAdd('9999-12-31T00:00:00Z', 'P1D')",
            "years 1 and 9999",
        ),
        ("dateTimeToEpoch('soon')", "'soon' is no date"),
        ("dateTimeFromEpoch(9000000000000000000)", "years 1 and 9999"),
    ] {
        let (_, messages) = evaluated("", expression);
        assert!(
            matches!(messages.as_slice(), [only] if only.contains(part)),
            "{expression}: {messages:?}"
        );
    }
}
