//! Strings with interpolations and directives.

use std::sync::Arc;

use super::access::{entries_of, one_of};
use super::for_each::unknown_loop;
use super::operators::boolean;
use super::{Context, Failure, Frame, HOLE, MAX_TEXT, Outcome, conversion, derived};
use crate::eval::value::{Data, Piece, Value};
use crate::origin::{OriginId, OriginStep};
use crate::source::Span;
use crate::syntax::hcl::TemplatePart;

/// The pieces of a template while it is put together.
#[derive(Default)]
struct Pieces {
    pieces: Vec<Piece>,
    origins: Vec<OriginId>,
    length: usize,
    typed: bool,
}

impl Context<'_> {
    #[inline(never)]
    pub(super) fn template(&self, parts: &[TemplatePart], at: Span) -> Outcome {
        if let [TemplatePart::Interpolation(alone)] = parts {
            return self.eval(alone);
        }
        let mut made = Pieces::default();
        self.parts(parts, at, &mut made)?;
        let typed = made.typed.then(|| self.session.literal(at));
        let parents: Vec<OriginId> = typed.into_iter().chain(made.origins).collect();
        let origin = self.session.hop(Some(at), || OriginStep::Literal, &parents);
        Ok(Value::from_pieces(made.pieces, origin))
    }

    fn parts(
        &self,
        parts: &[TemplatePart],
        at: Span,
        made: &mut Pieces,
    ) -> Result<(), Box<Failure>> {
        for part in parts {
            self.session.charge(1, at)?;
            match part {
                TemplatePart::Literal(text) => {
                    made.typed = true;
                    self.push_text(text, at, made)?;
                }
                TemplatePart::Interpolation(expr) => {
                    let value = self.eval(expr)?;
                    self.push_value(&value, expr.span, made)?;
                }
                TemplatePart::If {
                    condition,
                    then,
                    otherwise,
                } => self.session.deeper(at, || {
                    let truth = self.eval(condition)?;
                    match boolean(&truth, condition.span)? {
                        Some(true) => self.parts(then, at, made),
                        Some(false) => self.parts(otherwise, at, made),
                        None => {
                            let (a, b) = (self.template(then, at)?, self.template(otherwise, at)?);
                            let of = [truth, a.clone(), b.clone()];
                            let origin = a.origin;
                            let value = one_of("%{if}", &of, vec![a, b], origin)
                                .unwrap_or_else(|| derived("%{if}", &of, origin));
                            self.push_value(&value, condition.span, made)
                        }
                    }
                })?,
                TemplatePart::For {
                    key_name,
                    value_name,
                    collection,
                    body,
                } => self.session.deeper(at, || {
                    let walked = self.eval(collection)?;
                    let Some(entries) = entries_of(&walked) else {
                        return Err(Failure::invalid(
                            collection.span,
                            format!("a for cannot walk {}", conversion::kind_of(&walked)),
                        ));
                    };
                    for (key, value) in entries.known {
                        self.session.charge(1, at)?;
                        let mut names = vec![(Arc::clone(value_name), value)];
                        if let Some(name) = key_name {
                            names.push((Arc::clone(name), key));
                        }
                        let frame = Frame {
                            names: &names,
                            outer: self.frame,
                        };
                        self.with(&frame).parts(body, at, made)?;
                    }
                    match entries.rest {
                        Some(_) => self.push_value(&unknown_loop(&walked), collection.span, made),
                        None => Ok(()),
                    }
                })?,
            }
        }
        Ok(())
    }

    fn push_text(&self, text: &Arc<str>, at: Span, made: &mut Pieces) -> Result<(), Box<Failure>> {
        made.length += text.len();
        if made.length > MAX_TEXT {
            return Err(text_limit(at));
        }
        self.session
            .charge(u64::try_from(text.len() / 64).unwrap_or(u64::MAX), at)?;
        made.pieces.push(Piece::Literal(Arc::clone(text)));
        Ok(())
    }

    fn push_value(&self, value: &Value, at: Span, made: &mut Pieces) -> Result<(), Box<Failure>> {
        if !made.origins.contains(&value.origin) && made.origins.len() < 32 {
            made.origins.push(value.origin);
        }
        for piece in pieces_of(value, at)? {
            match &piece {
                Piece::Literal(text) => self.push_text(text, at, made)?,
                Piece::Hole(_) => {
                    made.length += HOLE;
                    if made.length > MAX_TEXT {
                        return Err(text_limit(at));
                    }
                    self.session.charge(1, at)?;
                    made.pieces.push(piece);
                }
            }
        }
        Ok(())
    }
}

/// A scalar as pieces of a string.
///
/// # Errors
/// For null, lists and objects, which Terraform does not put into strings.
pub(super) fn pieces_of(value: &Value, at: Span) -> Result<Vec<Piece>, Box<Failure>> {
    match &value.data {
        Data::Template(pieces) => Ok(pieces.to_vec()),
        Data::Unknown(unknown) => Ok(vec![Piece::Hole(Arc::clone(unknown))]),
        _ => match conversion::to_text(value) {
            Some(text) => Ok(vec![Piece::Literal(text)]),
            None => Err(Failure::invalid(
                at,
                format!("{} cannot stand in a string", conversion::kind_of(value)),
            )),
        },
    }
}

/// The failure of a string that grows too long.
pub(super) fn text_limit(at: Span) -> Box<Failure> {
    Failure::of(
        "value-limit",
        at,
        format!(
            "this string is longer than {} MiB; it is unknown",
            MAX_TEXT >> 20
        ),
    )
}
