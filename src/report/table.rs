//! Lines with columns, fitted to the terminal.

use std::fmt::Write as _;

use super::human::text::{Paint, wrap};

/// Spaces between columns.
const GAP: usize = 2;

/// Columns that may be shortened stay at least as wide: a block of addresses fits.
const NARROWEST: usize = 18;

/// One line.
pub(super) struct Row {
    /// One character, with its colour.
    pub(super) mark: String,
    /// How far it is set in.
    pub(super) depth: usize,
    /// The columns.
    pub(super) cells: Vec<String>,
    /// Path and line, at the end where the line leaves room, else below.
    pub(super) place: Option<String>,
    /// Lines below it.
    pub(super) below: Vec<String>,
    /// Whether it is of less weight.
    pub(super) dim: bool,
}

/// How lines are fitted.
pub(super) struct Table<'a> {
    pub(super) paint: Paint,
    pub(super) width: usize,
    /// Names of the columns; empty: none are shown.
    pub(super) header: &'a [&'a str],
    /// The columns that may be shortened.
    pub(super) shrinkable: &'a [usize],
}

impl Table<'_> {
    /// Writes the lines: columns as wide as their widest cell, empty columns left out.
    pub(super) fn write(&self, text: &mut String, rows: &[Row]) {
        let mut widths = self.widths(rows);
        let total = |widths: &[usize]| {
            let used = widths.iter().filter(|width| **width > 0);
            4 + used.map(|width| width + GAP).sum::<usize>()
        };
        let places = rows.iter().filter_map(|row| row.place.as_ref());
        let longest = places.map(|place| place.chars().count()).max().unwrap_or(0);
        self.shrink(&mut widths, self.width.saturating_sub(4 + longest));
        if total(&widths) + longest > self.width {
            widths = self.widths(rows);
            self.shrink(&mut widths, self.width.saturating_sub(4));
        }
        let end = total(&widths);
        if rows.iter().any(|row| !row.cells.is_empty()) && !self.header.is_empty() {
            let cells: Vec<String> = self.header.iter().map(|it| (*it).to_owned()).collect();
            let line = line(&cells, &widths);
            let _ = writeln!(text, "    {}", self.paint.dim(line.trim_end()));
        }
        for row in rows {
            let indent = "  ".repeat(row.depth);
            let line = line(&row.cells, &widths);
            let line = line.strip_prefix(&indent).unwrap_or(&line);
            let trimmed = line.trim_end();
            let shown = match row.dim {
                true => self.paint.dim(trimmed),
                false => trimmed.to_owned(),
            };
            let used = 4 + indent.len() + trimmed.chars().count();
            let place = row.place.as_deref().map(|place| {
                let room = self.width.saturating_sub(place.chars().count());
                (place, end.min(room).checked_sub(used))
            });
            match place {
                Some((place, Some(gap))) if gap >= GAP || trimmed.is_empty() => {
                    let place = self.paint.dim(place);
                    let _ = writeln!(text, "  {indent}{} {shown}{:gap$}{place}", row.mark, "");
                }
                place => {
                    let _ = writeln!(text, "  {indent}{} {shown}", row.mark);
                    if let Some((place, _)) = place {
                        let _ = writeln!(text, "      {indent}{}", self.paint.dim(place));
                    }
                }
            }
            for below in &row.below {
                let room = self.width.saturating_sub(6 + indent.len()).max(NARROWEST);
                for line in wrap(below, room) {
                    let _ = writeln!(text, "      {indent}{}", self.paint.dim(&line));
                }
            }
        }
    }

    fn widths(&self, rows: &[Row]) -> Vec<usize> {
        let columns = rows.iter().map(|row| row.cells.len()).max().unwrap_or(0);
        (0..columns)
            .map(|column| {
                let cells = rows.iter().filter_map(|row| row.cells.get(column));
                let widest = cells.map(|cell| cell.chars().count()).max().unwrap_or(0);
                let name = self.header.get(column).map_or(0, |it| it.chars().count());
                match widest {
                    0 => 0,
                    widest => widest.max(name),
                }
            })
            .collect()
    }

    /// Takes from the widest column that may be shortened until all fit.
    fn shrink(&self, widths: &mut [usize], room: usize) {
        loop {
            let used: usize = widths.iter().filter(|it| **it > 0).map(|it| it + GAP).sum();
            let Some(over) = used.checked_sub(room).filter(|over| *over > 0) else {
                return;
            };
            let mut widest: Option<&mut usize> = None;
            for (column, width) in widths.iter_mut().enumerate() {
                let best = widest.as_deref().copied().unwrap_or(NARROWEST);
                if self.shrinkable.contains(&column) && *width > best {
                    widest = Some(width);
                }
            }
            let Some(widest) = widest else { return };
            let step = over.min(8).min(*widest - NARROWEST);
            *widest -= step.max(1);
        }
    }
}

fn line(cells: &[String], widths: &[usize]) -> String {
    let mut line = String::new();
    for (cell, width) in cells.iter().zip(widths) {
        if *width == 0 {
            continue;
        }
        let length = cell.chars().count();
        if length > *width {
            line.extend(cell.chars().take(width.saturating_sub(1)));
            line.push('…');
            line.push_str("  ");
        } else {
            let pad = width - length + GAP;
            let _ = write!(line, "{cell}{:pad$}", "");
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(width: usize, cells: &[&str], place: &str) -> String {
        let table = Table {
            paint: Paint { on: false },
            width,
            header: &[],
            shrinkable: &[1],
        };
        let row = Row {
            mark: "x".to_owned(),
            depth: 0,
            cells: cells.iter().map(|cell| (*cell).to_owned()).collect(),
            place: Some(place.to_owned()),
            below: Vec::new(),
            dim: false,
        };
        let mut text = String::new();
        table.write(&mut text, &[row]);
        text
    }

    #[test]
    fn lines_below_stay_within_the_width() {
        let table = Table {
            paint: Paint { on: false },
            width: 40,
            header: &[],
            shrinkable: &[],
        };
        let row = Row {
            mark: "x".to_owned(),
            depth: 0,
            cells: vec!["rule".to_owned()],
            place: None,
            below: vec!["dead: hidden by some rule that comes before, which acts otherwise".into()],
            dim: false,
        };
        let mut text = String::new();
        table.write(&mut text, &[row]);
        assert_eq!(text.lines().count(), 3, "{text}");
        assert!(
            text.lines().all(|line| line.chars().count() <= 40),
            "{text}"
        );
    }

    #[test]
    fn a_long_column_is_shortened_before_the_place_moves_below() {
        let long = "10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16";
        assert_eq!(
            shown(70, &["rule", long], "a.tf:1:1"),
            format!("  x rule  {long}  a.tf:1:1\n")
        );
        let narrow = shown(50, &["rule", long], "a.tf:1:1");
        assert!(narrow.contains("…  a.tf:1:1"), "{narrow}");
        assert!(narrow.lines().all(|line| line.chars().count() <= 50));
        let below = shown(28, &["rule", long], "a.tf:1:1");
        assert!(below.ends_with("\n      a.tf:1:1\n"), "{below}");
    }
}
