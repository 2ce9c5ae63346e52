//! Functions that put strings together and take them apart.

use std::sync::Arc;

use super::encoding::write_json;
use super::{Call, Function, Outcome};
use crate::eval::functions::text;
use crate::eval::hcl_expr::MAX_TEXT;
use crate::eval::hcl_expr::conversion::{kind_of, to_number, to_text};
use crate::eval::hcl_expr::template::pieces_of;
use crate::eval::hcl_expr::template::text_limit;
use crate::eval::hcl_expr::{Failure, derived};
use crate::eval::value::{Data, Piece, Value};
use crate::origin::OriginId;
use crate::syntax::Number;

pub(super) const FUNCTIONS: &[(&str, Function)] = &[
    ("basename", |call| simple(call, text::basename)),
    ("chomp", |call| {
        simple(call, |text| text.trim_end_matches(['\n', '\r']).to_owned())
    }),
    ("dirname", |call| simple(call, text::dirname)),
    ("endswith", endswith),
    ("format", format_text),
    ("formatlist", formatlist),
    ("indent", indent),
    ("join", join),
    ("lower", |call| each_piece(call, text::lower)),
    ("pathexpand", pathexpand),
    ("split", split),
    ("startswith", startswith),
    ("strcontains", |call| {
        call.strict(|call| Ok(Data::Bool(call.text(0)?.contains(&*call.text(1)?))))
    }),
    ("strrev", |call| {
        simple(call, |text| text.chars().rev().collect())
    }),
    ("substr", |call| {
        call.strict(|call| {
            let cut = text::substring(&call.text(0)?, call.integer(1)?, call.integer(2)?);
            call.string(cut)
        })
    }),
    ("title", |call| simple(call, text::title)),
    ("trim", |call| {
        call.strict(|call| {
            let (text, set) = (call.text(0)?, call.text(1)?);
            call.string(text.trim_matches(|character| set.contains(character)))
        })
    }),
    ("trimprefix", |call| {
        call.strict(|call| {
            let (text, prefix) = (call.text(0)?, call.text(1)?);
            call.string(text.strip_prefix(&*prefix).unwrap_or(&text))
        })
    }),
    ("trimspace", |call| {
        simple(call, |text| text.trim().to_owned())
    }),
    ("trimsuffix", |call| {
        call.strict(|call| {
            let (text, suffix) = (call.text(0)?, call.text(1)?);
            call.string(text.strip_suffix(&*suffix).unwrap_or(&text))
        })
    }),
    ("upper", |call| each_piece(call, text::upper)),
];

fn simple(call: &Call<'_>, function: fn(&str) -> String) -> Outcome {
    call.strict(|call| call.string(function(&call.text(0)?)))
}

/// A function that works letter by letter: what is known of a template is changed, each unknown
/// piece becomes one that is derived from it.
fn each_piece(call: &Call<'_>, function: fn(&str) -> String) -> Outcome {
    let value = call.argument(0)?;
    let Data::Template(pieces) = &value.data else {
        return simple(call, function);
    };
    let origin = call.origin();
    let mut made = Vec::with_capacity(pieces.len());
    for piece in pieces.iter() {
        match piece {
            Piece::Literal(text) => made.push(Piece::Literal(function(text).into())),
            Piece::Hole(unknown) => {
                let hole = Value::new(Data::Unknown(Arc::clone(unknown)), OriginId::NONE);
                made.extend(pieces_of(&derived(call.name, &[hole], origin), call.at)?);
            }
        }
    }
    Ok(Value::from_pieces(made, origin))
}

fn startswith(call: &Call<'_>) -> Outcome {
    if let (Data::Template(pieces), Ok(prefix)) = (&call.argument(0)?.data, call.text(1))
        && let Some(Piece::Literal(first)) = pieces.first()
    {
        let known = first.starts_with(&*prefix);
        if known || !prefix.starts_with(&**first) {
            return Ok(Value::bool(known, call.origin()));
        }
    }
    call.strict(|call| Ok(Data::Bool(call.text(0)?.starts_with(&*call.text(1)?))))
}

fn endswith(call: &Call<'_>) -> Outcome {
    if let (Data::Template(pieces), Ok(suffix)) = (&call.argument(0)?.data, call.text(1))
        && let Some(Piece::Literal(last)) = pieces.last()
    {
        let known = last.ends_with(&*suffix);
        if known || !suffix.ends_with(&**last) {
            return Ok(Value::bool(known, call.origin()));
        }
    }
    call.strict(|call| Ok(Data::Bool(call.text(0)?.ends_with(&*call.text(1)?))))
}

fn indent(call: &Call<'_>) -> Outcome {
    call.strict(|call| {
        let spaces = usize::try_from(call.integer(0)?)
            .map_err(|_| call.fail("the indentation must not be below zero"))?;
        if spaces > 1_000 {
            return Err(call.fail("the indentation is too wide"));
        }
        call.string(text::indent(&call.text(1)?, spaces))
    })
}

/// Where somebody's home lies is not in the files.
fn pathexpand(call: &Call<'_>) -> Outcome {
    match call.text(0) {
        Ok(path) if path.starts_with("~/") || *path == *"~" => Ok(call.not_evaluated(true)),
        Ok(path) if path.starts_with('~') => {
            Err(call.fail("the home of another user is not expanded"))
        }
        _ => simple(call, str::to_owned),
    }
}

fn join(call: &Call<'_>) -> Outcome {
    if call.count() < 2 {
        return Err(call.fail("at least one list is needed"));
    }
    let separator = call.argument(0)?;
    let closed = (1..call.count()).all(|index| {
        call.list(index).is_ok_and(|list| {
            list.rest.is_none()
                && list.items.iter().all(|item| {
                    matches!(item.data, Data::Unknown(_) | Data::Template(_))
                        || to_text(item).is_some()
                })
        })
    });
    let Some(between) = to_text(separator).filter(|_| closed) else {
        return call.strict(|call| {
            let between = call.text(0)?;
            let mut all = Vec::new();
            for index in 1..call.count() {
                all.extend(call.texts(index)?);
            }
            call.string(all.join(&*between))
        });
    };
    let mut pieces = Vec::new();
    let mut length = 0;
    for index in 1..call.count() {
        for item in &call.list(index)?.items {
            if !pieces.is_empty() {
                pieces.push(Piece::Literal(Arc::clone(&between)));
            }
            // An empty piece keeps the place, so that the next one is separated from it.
            pieces.push(Piece::Literal("".into()));
            for piece in pieces_of(item, call.at)? {
                if let Piece::Literal(text) = &piece {
                    length += text.len();
                }
                pieces.push(piece);
            }
        }
    }
    call.session_charge(length / 64)?;
    let origin = call.origin();
    joined(call, pieces, origin)
}

/// A string of pieces, put together at once: [`Value::from_pieces`] joins them one by one.
fn joined(call: &Call<'_>, pieces: Vec<Piece>, origin: OriginId) -> Outcome {
    let mut merged: Vec<Piece> = Vec::new();
    let mut text = String::new();
    let mut length = 0;
    for piece in pieces {
        match piece {
            Piece::Literal(part) => {
                length += part.len();
                text.push_str(&part);
            }
            hole @ Piece::Hole(_) => {
                length += crate::eval::hcl_expr::HOLE;
                merged.push(Piece::Literal(std::mem::take(&mut text).into()));
                merged.push(hole);
            }
        }
        if length > MAX_TEXT {
            return Err(text_limit(call.at));
        }
    }
    merged.push(Piece::Literal(text.into()));
    Ok(Value::from_pieces(merged, origin))
}

fn split(call: &Call<'_>) -> Outcome {
    let origin = call.origin();
    // How an id is put together is known before the id is.
    let is_slash = |value: &Value| value.as_str().is_some_and(|text| &**text == "/");
    if call.arguments.first().is_some_and(is_slash)
        && let Some(id) = call.arguments.get(1).filter(|id| !id.is_wholly_known())
        && let Some(parts) = id.segments()
    {
        return Ok(Value::list(parts, origin));
    }
    call.strict_values(origin, |call| {
        let (separator, text) = (call.text(0)?, call.text(1)?);
        let parts: Vec<Value> = if separator.is_empty() {
            text.chars()
                .map(|character| Value::string(character.to_string(), origin))
                .collect()
        } else {
            text.split(&*separator)
                .map(|part| Value::string(part, origin))
                .collect()
        };
        call.session_charge(parts.len())?;
        Ok(Value::list(parts, origin))
    })
}

fn formatlist(call: &Call<'_>) -> Outcome {
    let mut length = None;
    for argument in call.arguments.iter().skip(1) {
        match &argument.data {
            // Which type a null has is not known here, and with that Terraform's result.
            Data::Null => return Ok(call.unknown()),
            Data::List(list) if list.rest.is_none() => {
                if length.is_some_and(|length| length != list.items.len()) {
                    return Err(call.fail("the lists are not of the same length"));
                }
                length = Some(list.items.len());
            }
            Data::List(_) | Data::Unknown(_) => return Ok(call.unknown()),
            _ => {}
        }
    }
    let origin = call.origin();
    let count = length.unwrap_or(1);
    call.session_charge(count)?;
    let mut items = Vec::with_capacity(count);
    for index in 0..count {
        let arguments: Vec<Value> = call
            .arguments
            .iter()
            .map(|argument| match &argument.data {
                Data::List(list) => list
                    .items
                    .get(index)
                    .cloned()
                    .unwrap_or_else(|| Value::null(origin)),
                _ => argument.clone(),
            })
            .collect();
        items.push(format_text(&Call {
            arguments: &arguments,
            ..*call
        })?);
    }
    Ok(Value::list(items, origin))
}

/// One `%` sequence of a format.
#[derive(Default)]
struct Verb {
    minus: bool,
    plus: bool,
    space: bool,
    zero: bool,
    sharp: bool,
    width: usize,
    precision: Option<usize>,
}

fn format_text(call: &Call<'_>) -> Outcome {
    let format = call.argument(0)?;
    // Which type a null has is not known here, and with that Terraform's result.
    if call.arguments.iter().skip(1).any(Value::is_null) {
        return Ok(call.unknown());
    }
    let Some(format) = to_text(format) else {
        return call.strict(|call| call.text(0).map(Data::String));
    };
    let origin = call.origin();
    let mut pieces = Vec::new();
    let mut text = String::new();
    let mut next = 1;
    let mut used = 1;
    let mut characters = format.chars().peekable();
    while let Some(character) = characters.next() {
        if character != '%' {
            text.push(character);
            continue;
        }
        let mut verb = Verb::default();
        while let Some(flag) = characters.next_if(|flag| "-+ 0#".contains(*flag)) {
            match flag {
                '-' => verb.minus = true,
                '+' => verb.plus = true,
                ' ' => verb.space = true,
                '0' => verb.zero = true,
                '#' => verb.sharp = true,
                _ => {}
            }
        }
        let digits = |first: &mut std::iter::Peekable<std::str::Chars<'_>>| {
            let mut number = String::new();
            while let Some(digit) = first.next_if(char::is_ascii_digit) {
                number.push(digit);
            }
            number.parse::<usize>().ok()
        };
        verb.width = digits(&mut characters).unwrap_or(0);
        if characters.next_if_eq(&'.').is_some() {
            verb.precision = Some(digits(&mut characters).unwrap_or(0));
        }
        if characters.next_if_eq(&'[').is_some() {
            next = digits(&mut characters).unwrap_or(0);
            if next == 0 || characters.next_if_eq(&']').is_none() {
                return Err(call.fail("an argument number in the format is wrong"));
            }
        }
        if verb.width > 10_000 || verb.precision.is_some_and(|precision| precision > 1_000) {
            return Err(call.fail("a width in the format is too large"));
        }
        let Some(letter) = characters.next() else {
            return Err(call.fail("the format ends within a `%` sequence"));
        };
        if letter == '%' {
            text.push('%');
            continue;
        }
        let Some(value) = call.arguments.get(next) else {
            return Err(call.fail(format!("there is no argument for %{letter}")));
        };
        next += 1;
        used = used.max(next);
        let plain = verb.width == 0 && verb.precision.is_none() && "svdt".contains(letter);
        match (&value.data, value.is_wholly_known()) {
            (_, true) => text.push_str(&formatted(call, value, letter, &verb)?),
            (Data::Template(_) | Data::Unknown(_), false) if plain => {
                pieces.push(Piece::Literal(std::mem::take(&mut text).into()));
                pieces.extend(pieces_of(value, call.at)?);
            }
            _ => return Ok(call.unknown()),
        }
        if text.len() > MAX_TEXT {
            return Err(text_limit(call.at));
        }
    }
    if used < call.count() {
        return Err(call.fail("there are more arguments than the format uses"));
    }
    pieces.push(Piece::Literal(text.into()));
    joined(call, pieces, origin)
}

fn formatted(
    call: &Call<'_>,
    value: &Value,
    letter: char,
    verb: &Verb,
) -> Result<String, Box<Failure>> {
    let number = || {
        to_number(value)
            .ok_or_else(|| call.fail(format!("%{letter} needs a number, not {}", kind_of(value))))
    };
    let json = || {
        let mut out = String::new();
        write_json(value, &mut out);
        out
    };
    let signed = |magnitude: String, negative: bool| {
        let sign = match (negative, verb.plus, verb.space) {
            (true, _, _) => "-",
            (false, true, _) => "+",
            (false, false, true) => " ",
            _ => "",
        };
        (sign.to_owned(), magnitude)
    };
    let whole = || {
        let number = number()?;
        let whole = number.text().parse::<i128>().ok();
        whole.ok_or_else(|| call.fail(format!("%{letter} needs a whole number")))
    };
    let (sign, body) = match letter {
        'v' if verb.sharp => (String::new(), json()),
        'v' => match &value.data {
            Data::String(text) => (String::new(), text.to_string()),
            Data::Number(number) => {
                let text = general(number, None);
                signed(
                    text.trim_start_matches('-').to_owned(),
                    text.starts_with('-'),
                )
            }
            _ => (String::new(), json()),
        },
        's' => {
            let text = to_text(value)
                .ok_or_else(|| call.fail(format!("%s needs a string, not {}", kind_of(value))))?;
            let cut = match verb.precision {
                Some(precision) => text.chars().take(precision).collect(),
                None => text.to_string(),
            };
            (String::new(), cut)
        }
        'q' => {
            let text = Value::string(
                to_text(value).ok_or_else(|| call.fail("%q needs a string"))?,
                OriginId::NONE,
            );
            let mut out = String::new();
            write_json(&text, &mut out);
            (String::new(), out)
        }
        't' => {
            let value = super::to_boolean(value).ok_or_else(|| call.fail("%t needs a boolean"))?;
            // Terraform does not fill truth up to a width.
            return Ok(value.to_string());
        }
        'd' => {
            if !number()?.is_whole() {
                return Err(call.fail("%d needs a whole number"));
            }
            let text = number()?.text();
            let digits = text.trim_start_matches('-');
            let least = verb.precision.unwrap_or(0);
            signed(format!("{digits:0>least$}"), text.starts_with('-'))
        }
        'b' => {
            let number = whole()?;
            signed(format!("{:b}", number.unsigned_abs()), number < 0)
        }
        'o' => {
            let number = whole()?;
            let mark = if verb.sharp { "0" } else { "" };
            signed(format!("{mark}{:o}", number.unsigned_abs()), number < 0)
        }
        'x' | 'X' => {
            let number = whole()?;
            let mark = if verb.sharp { "0x" } else { "" };
            let text = format!("{mark}{:x}", number.unsigned_abs());
            let text = match letter {
                'X' => text.to_uppercase(),
                _ => text,
            };
            signed(text, number < 0)
        }
        'f' | 'F' => {
            let number = number()?.as_f64();
            let precision = verb.precision.unwrap_or(6);
            signed(format!("{:.precision$}", number.abs()), number < 0.0)
        }
        'g' | 'G' => {
            let number = number()?;
            let text = general(&number, verb.precision);
            let text = match letter {
                'G' => text.to_uppercase(),
                _ => text,
            };
            signed(
                text.trim_start_matches('-').to_owned(),
                number.is_negative(),
            )
        }
        'e' | 'E' => {
            let number = number()?.as_f64();
            let precision = verb.precision.unwrap_or(6);
            let text = format!("{:.precision$e}", number.abs());
            let text = with_two_digit_exponent(&text);
            let text = match letter {
                'E' => text.to_uppercase(),
                _ => text,
            };
            signed(text, number < 0.0)
        }
        _ => return Err(call.fail(format!("%{letter} is no format"))),
    };
    let length = sign.chars().count() + body.chars().count();
    let fill = verb.width.saturating_sub(length);
    Ok(if verb.minus {
        format!("{sign}{body}{}", " ".repeat(fill))
    } else if verb.zero {
        format!("{sign}{}{body}", "0".repeat(fill))
    } else {
        format!("{}{sign}{body}", " ".repeat(fill))
    })
}

/// The shorter of both notations, as `%g` chooses: with an exponent below -4, and from the number of
/// digits on, or from 6 if all digits are written.
pub(super) fn general(number: &Number, precision: Option<usize>) -> String {
    let double = number.as_f64();
    let scientific = match precision {
        Some(digits) => format!("{:.*e}", digits.max(1) - 1, double),
        None => format!("{double:e}"),
    };
    let Some((mantissa, exponent)) = scientific.split_once('e') else {
        return scientific;
    };
    let exponent: i64 = exponent.parse().unwrap_or(0);
    let from = precision.map_or(6, |digits| i64::try_from(digits.max(1)).unwrap_or(i64::MAX));
    let mantissa = if mantissa.contains('.') {
        mantissa.trim_end_matches('0').trim_end_matches('.')
    } else {
        mantissa
    };
    if exponent < -4 || exponent >= from {
        return with_two_digit_exponent(&format!("{mantissa}e{exponent}"));
    }
    match precision {
        Some(_) => {
            Number::parse_exact(&scientific).map_or(scientific.clone(), |number| number.text())
        }
        None => number.text(),
    }
}

fn with_two_digit_exponent(text: &str) -> String {
    let Some((mantissa, exponent)) = text.split_once('e') else {
        return text.to_owned();
    };
    let (sign, digits) = match exponent.strip_prefix('-') {
        Some(digits) => ('-', digits),
        None => ('+', exponent),
    };
    format!("{mantissa}e{sign}{digits:0>2}")
}
