//! The rows of `azurerm.schema` to schemas.
//!
//! The file is part of the program and held by tests, so what cannot be read is passed over.

use super::{BlockSchema, Nesting, Row, Scalar, Shape, Version, Versions};

/// How far a nested row is indented beyond the block it is in.
const INDENT: usize = 2;

/// Every type: whether it is managed (or else a data source), its name, and its rows.
pub(super) fn types(
    text: &'static str,
) -> impl Iterator<Item = (bool, &'static str, &'static str)> {
    let mut rest = text;
    std::iter::from_fn(move || {
        loop {
            let (line, after) = rest.split_once('\n')?;
            rest = after;
            let mut words = line.split(' ');
            let managed = match words.next() {
                Some("resource") => true,
                Some("data") => false,
                _ => continue,
            };
            let Some(kind) = words.next() else {
                continue;
            };
            let end = lines_with_ends(rest)
                .take_while(|line| line.starts_with(' '))
                .map(str::len)
                .sum();
            let (rows, after) = rest.split_at_checked(end)?;
            rest = after;
            return Some((managed, kind, rows));
        }
    })
}

/// The first version that the rows say nothing of.
pub(super) fn below(text: &str) -> Option<Version> {
    let line = text.lines().find_map(|line| line.strip_prefix("below "))?;
    line.parse().ok()
}

fn lines_with_ends(text: &str) -> impl Iterator<Item = &str> {
    text.split_inclusive('\n')
}

/// What every type has.
const EVERYWHERE: &str = "  \
  id string optional computed
  timeouts list{} optional single
    create string optional
    delete string optional
    read string optional
    update string optional
";

/// The schema of a type that rows describe.
pub(super) fn block(rows: &'static str) -> BlockSchema {
    let lines: Vec<&'static str> = rows.lines().chain(EVERYWHERE.lines()).collect();
    let (schema, _) = level(&lines, INDENT);
    schema
}

/// The rows indented by `depth`, and how many lines they and their blocks take.
fn level(lines: &[&'static str], depth: usize) -> (BlockSchema, usize) {
    let mut schema = BlockSchema::default();
    let mut at = 0;
    while let Some(line) = lines.get(at) {
        let text = line.trim_start_matches(' ');
        if line.len() - text.len() < depth {
            break;
        }
        at += 1;
        let (body, taken) = level(lines.get(at..).unwrap_or_default(), depth + INDENT);
        at += taken;
        schema.rows.extend(row(text, body));
    }
    (schema, at)
}

/// `name type flag… default=… now=… from..below`
fn row(text: &'static str, body: BlockSchema) -> Option<Row> {
    let (name, rest) = text.split_once(' ')?;
    let (kind, mut rest) = rest.split_once(' ').unwrap_or((rest, ""));
    let nesting = match kind {
        "list{}" => Some(Nesting::List),
        "set{}" => Some(Nesting::Set),
        _ => None,
    };
    let mut row = Row {
        name,
        shape: Shape::Attribute(kind),
        required: false,
        optional: false,
        computed: false,
        write_only: false,
        default: None,
        now: None,
        versions: Versions::ALL,
    };
    let (mut single, mut as_attribute) = (false, false);
    while !rest.is_empty() {
        let (word, after) = if let Some(quoted) = rest.strip_prefix("default=\"") {
            let (text, after) = quoted.split_once('"')?;
            row.default = Some(Scalar::Text(text));
            rest = after.trim_start();
            continue;
        } else {
            rest.split_once(' ').unwrap_or((rest, ""))
        };
        rest = after;
        match word {
            "required" => row.required = true,
            "optional" => row.optional = true,
            "computed" => row.computed = true,
            "write-only" => row.write_only = true,
            "single" => single = true,
            "attribute" => as_attribute = true,
            _ => {
                if let Some(default) = word.strip_prefix("default=") {
                    row.default = scalar(default);
                } else if let Some(now) = word.strip_prefix("now=") {
                    row.now = Some(now);
                } else if let Some((from, below)) = word.split_once("..") {
                    row.versions = Versions {
                        from: from.parse().unwrap_or_default(),
                        below: below.parse().ok(),
                    };
                }
            }
        }
    }
    if let Some(nesting) = nesting {
        row.shape = Shape::Block {
            nesting,
            single,
            as_attribute,
            body,
        };
    }
    Some(row)
}

fn scalar(text: &str) -> Option<Scalar> {
    match text {
        "true" => Some(Scalar::Bool(true)),
        "false" => Some(Scalar::Bool(false)),
        number => number.parse().ok().map(Scalar::Integer),
    }
}
