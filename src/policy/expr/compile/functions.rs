//! Functions: how many arguments they take, of which types, and what they give.

use std::sync::Arc;

use super::{Checked, Compiler, join};
use crate::eval::hcl_expr::{arity_of, function_names};
use crate::policy::contract::wrong_address;
use crate::policy::datum::{Datum, parse_ports};
use crate::policy::expr::{Builtin, Node, plain};
use crate::policy::platform::facts;
use crate::policy::spec::{HOP_KINDS, nearest};
use crate::policy::vocabulary::{Item, Kind, NEXT_HOP, Ty};
use crate::source::Span;
use crate::syntax::hcl::{Expr, ExprKind};

impl Compiler<'_, '_> {
    pub(super) fn call(&mut self, name: &str, name_span: Span, args: &[Expr]) -> Checked {
        let checked: Vec<_> = args.iter().map(|arg| self.check(arg)).collect();
        let builtin = Builtin::ALL.iter().find(|(known, ..)| *known == name);
        let Some((_, builtin, least, most)) = builtin else {
            let Some((least, more)) = arity_of(name) else {
                return self.unknown_function(name, name_span);
            };
            self.count_arguments(name, name_span, args.len(), (least, more))?;
            let checked: Result<Vec<(Node, Ty)>, ()> = checked.into_iter().collect();
            let nodes = checked?.into_iter().map(|(node, _)| node).collect();
            self.want_pattern(name, args)?;
            return Ok((Node::Plain(name.into(), nodes), plain_type(name)));
        };
        let most = (*most < usize::MAX).then_some(*most);
        self.count_arguments(name, name_span, args.len(), (*least, most))?;
        let checked: Result<Vec<(Node, Ty)>, ()> = checked.into_iter().collect();
        let (nodes, types): (Vec<Node>, Vec<Ty>) = checked?.into_iter().unzip();
        let ty = self.builtin_type(*builtin, args, &types)?;
        Ok((Node::Call(*builtin, nodes), ty))
    }

    fn unknown_function(&mut self, name: &str, span: Span) -> Checked {
        let own = Builtin::ALL.iter().map(|(known, ..)| *known);
        let message = format!("unknown function `{name}`");
        match nearest(name, own.chain(function_names())) {
            Some(near) => {
                let help = format!("did you mean `{near}`?");
                self.reader.error_with_help(span, message, help);
            }
            None => self.reader.error(span, message),
        }
        Err(())
    }

    fn count_arguments(
        &mut self,
        name: &str,
        span: Span,
        count: usize,
        (least, most): (usize, Option<usize>),
    ) -> Result<(), ()> {
        if count >= least && most.is_none_or(|most| count <= most) {
            return Ok(());
        }
        let takes = match (least, most) {
            (1, Some(1)) => "1 argument".to_owned(),
            (least, Some(most)) if least == most => format!("{least} arguments"),
            (least, Some(most)) => format!("{least} to {most} arguments"),
            (least, None) => format!("at least {least}"),
        };
        self.fail(span, format!("`{name}` takes {takes}, not {count}"))
    }

    fn builtin_type(&mut self, builtin: Builtin, args: &[Expr], types: &[Ty]) -> Result<Ty, ()> {
        let span = |at: usize| {
            args.get(at)
                .map_or(Span::new(crate::source::FileId(0), 0, 0), |a| a.span)
        };
        let first = types.first().copied().unwrap_or(Ty::ANY);
        let second = types.get(1).copied().unwrap_or(Ty::ANY);
        Ok(match builtin {
            Builtin::AnyTrue | Builtin::AllTrue => {
                let item = self.elements_of(first, span(0))?;
                self.want_bool(Ty::One(item), span(0))?;
                Ty::BOOL
            }
            Builtin::Length => {
                if !matches!(first, Ty::One(Item::Text | Item::Any)) {
                    self.elements_of(first, span(0))?;
                }
                Ty::NUMBER
            }
            Builtin::Contains => {
                let item = self.elements_of(first, span(0))?;
                if let Some(wanted) = args.get(1) {
                    self.comparable(Ty::One(item), wanted, second)?;
                }
                Ty::BOOL
            }
            Builtin::Known | Builtin::Distinct => {
                let item = self.elements_of(first, span(0))?;
                Ty::List(item)
            }
            Builtin::Flatten => {
                self.elements_of(first, span(0))?;
                Ty::List(Item::Any)
            }
            Builtin::Concat => {
                let mut joined = None;
                for (at, ty) in types.iter().enumerate() {
                    let item = self.elements_of(*ty, span(at))?;
                    let ty = Ty::One(item);
                    joined = Some(joined.map_or(ty, |before| join(before, ty)));
                }
                match joined {
                    Some(Ty::One(item)) => Ty::List(item),
                    _ => Ty::List(Item::Any),
                }
            }
            Builtin::Coalesce => types.iter().copied().fold(Ty::One(Item::Null), join),
            Builtin::Covers | Builtin::Overlaps | Builtin::TagIncludes => {
                let both: Vec<_> = args.iter().zip(types).collect();
                let wrong = both
                    .into_iter()
                    .map(|(arg, ty)| self.want_addresses(arg, *ty))
                    .filter(Result::is_err)
                    .count();
                if wrong > 0 {
                    return Err(());
                }
                Ty::BOOL
            }
            Builtin::RouteTo => {
                if !matches!(first, Ty::One(Item::Element(Kind::Subnet) | Item::Any)) {
                    let found = first.describe();
                    return self.fail(span(0), format!("a subnet is expected, not {found}"));
                }
                let single = match args.get(1).map(|arg| &arg.kind) {
                    Some(ExprKind::String(text)) => text.parse::<std::net::IpAddr>().is_ok(),
                    _ => matches!(second, Ty::One(Item::Address | Item::Text | Item::Any)),
                };
                if !single {
                    return self.fail(span(1), "one address is expected, such as `\"1.2.3.4\"`");
                }
                Ty::One(Item::Object(NEXT_HOP))
            }
            Builtin::Undetermined => {
                if !matches!(args.first().map(|arg| &arg.kind), Some(ExprKind::String(_))) {
                    return self.fail(span(0), "say in quotes what is missing");
                }
                Ty::BOOL
            }
            Builtin::Tag | Builtin::Attribute => {
                if !matches!(first, Ty::One(Item::Element(_) | Item::Any)) {
                    let found = first.describe();
                    let message = format!("an element of the files is expected, not {found}");
                    return self.fail(span(0), message);
                }
                if !matches!(second, Ty::One(Item::Text | Item::Word(_) | Item::Any)) {
                    let found = second.describe();
                    return self.fail(span(1), format!("a text is expected, not {found}"));
                }
                Ty::ANY
            }
            Builtin::Leads | Builtin::Firewalls => {
                if !matches!(first, Ty::One(Item::Element(Kind::Subnet) | Item::Any)) {
                    let found = first.describe();
                    return self.fail(span(0), format!("a subnet is expected, not {found}"));
                }
                let far = match builtin {
                    Builtin::Leads => {
                        let kinds: Vec<&str> = HOP_KINDS.iter().map(|(word, _)| *word).collect();
                        self.want_word(args.get(1), second, "next hop", &kinds)?;
                        args.get(2).zip(types.get(2))
                    }
                    _ => args.get(1).zip(types.get(1)),
                };
                if let Some((arg, ty)) = far {
                    self.want_addresses(arg, *ty)?;
                }
                match builtin {
                    Builtin::Firewalls => Ty::List(Item::Element(Kind::Firewall)),
                    _ => Ty::BOOL,
                }
            }
            Builtin::Allows => {
                let groups = [Kind::Nsg, Kind::Subnet, Kind::NetworkInterface];
                let fits = match first {
                    Ty::One(Item::Element(kind)) => groups.contains(&kind),
                    Ty::One(item) => item == Item::Any,
                    Ty::List(_) => false,
                };
                if !fits {
                    let found = first.describe();
                    let message = format!("a group, subnet or interface is expected, not {found}");
                    return self.fail(span(0), message);
                }
                let third = types.get(2).copied().unwrap_or(Ty::ANY);
                let directions = self.want_word(args.get(1), second, "direction", DIRECTIONS);
                let protocols = self.want_word(args.get(2), third, "protocol", PASSING);
                if let (Some(arg), Some(ty)) = (args.get(3), types.get(3)) {
                    self.want_addresses(arg, *ty)?;
                }
                if let (Some(arg), Some(ty)) = (args.get(4), types.get(4)) {
                    self.want_ports(arg, *ty)?;
                }
                directions.and(protocols)?;
                Ty::BOOL
            }
            Builtin::PortsContain | Builtin::MeansPort => {
                let (Ty::One(item) | Ty::List(item)) = first;
                if !matches!(item, Item::Ports | Item::Any) {
                    let found = first.describe();
                    return self.fail(span(0), format!("ports are expected, not {found}"));
                }
                if !matches!(second, Ty::One(Item::Number | Item::Any)) {
                    let found = second.describe();
                    return self.fail(span(1), format!("a port number is expected, not {found}"));
                }
                if let Some(arg) = args.get(1) {
                    self.want_ports(arg, second)?;
                }
                Ty::BOOL
            }
        })
    }

    /// A pattern that is written out must be one.
    fn want_pattern(&mut self, function: &str, args: &[Expr]) -> Result<(), ()> {
        let (true, Some(first)) = (matches!(function, "regex" | "regexall"), args.first()) else {
            return Ok(());
        };
        let ExprKind::String(pattern) = &first.kind else {
            return Ok(());
        };
        let asked = [Datum::text(Arc::clone(pattern)), Datum::text("")];
        match plain::call("regexall", &asked) {
            Some(refused) if plain::is_refused(&refused) => {
                self.fail(first.span, format!("`{pattern}` is no regular expression"))
            }
            _ => Ok(()),
        }
    }

    /// Addresses: literals must be some.
    fn want_addresses(&mut self, arg: &Expr, ty: Ty) -> Result<(), ()> {
        match &arg.kind {
            ExprKind::String(text) => self.want_address(text, arg.span),
            ExprKind::List(items) => {
                let wrong = items.iter().filter_map(|item| match &item.kind {
                    ExprKind::String(text) => Some((text, item.span)),
                    _ => None,
                });
                let results: Vec<_> = wrong
                    .map(|(text, span)| self.want_address(text, span))
                    .collect();
                results.into_iter().collect()
            }
            _ => {
                let (Ty::One(item) | Ty::List(item)) = ty;
                if matches!(item, Item::Address | Item::Text | Item::Word(_) | Item::Any) {
                    return Ok(());
                }
                let found = ty.describe();
                self.fail(arg.span, format!("addresses are expected, not {found}"))
            }
        }
    }

    fn want_address(&mut self, text: &str, span: Span) -> Result<(), ()> {
        match facts() {
            Ok(facts) => wrong_address(text, facts).map_or(Ok(()), |wrong| {
                wrong.tell(span, self.reader);
                Err(())
            }),
            Err(_) => Ok(()),
        }
    }

    /// Ports: literals must be some.
    fn want_ports(&mut self, arg: &Expr, ty: Ty) -> Result<(), ()> {
        let fits = match &arg.kind {
            ExprKind::Number(number) => {
                let port = number.as_i64().and_then(|port| u16::try_from(port).ok());
                port.is_some()
            }
            ExprKind::String(text) => parse_ports(text).is_some(),
            ExprKind::List(items) => {
                let each = items.iter().map(|item| self.want_ports(item, Ty::ANY));
                return each.collect::<Vec<_>>().into_iter().collect();
            }
            _ => {
                let (Ty::One(item) | Ty::List(item)) = ty;
                matches!(item, Item::Ports | Item::Number | Item::Text | Item::Any)
            }
        };
        if fits {
            return Ok(());
        }
        self.fail(arg.span, "ports are 0 to 65535")
    }

    /// One of some words, where it is written out.
    fn want_word(
        &mut self,
        arg: Option<&Expr>,
        ty: Ty,
        what: &str,
        words: &[&str],
    ) -> Result<(), ()> {
        let Some(arg) = arg else {
            return Ok(());
        };
        match (&arg.kind, ty) {
            (ExprKind::String(text), _) if words.contains(&&**text) => Ok(()),
            (ExprKind::String(text), _) => {
                self.reader.unknown_word(arg.span, what, text, words);
                Err(())
            }
            (_, Ty::One(Item::Text | Item::Word(_) | Item::Any)) => Ok(()),
            (_, other) => {
                let found = other.describe();
                self.fail(arg.span, format!("a {what} is expected, not {found}"))
            }
        }
    }
}

/// The protocols that `allows` asks of.
const PASSING: &[&str] = &["*", "Tcp", "Udp", "Icmp"];
const DIRECTIONS: &[&str] = &["Inbound", "Outbound"];

fn plain_type(name: &str) -> Ty {
    match name {
        "startswith" | "endswith" | "strcontains" | "can" | "tobool" => Ty::BOOL,
        "max" | "min" | "sum" | "abs" | "ceil" | "floor" | "tonumber" | "parseint" => Ty::NUMBER,
        "lower" | "upper" | "join" | "replace" | "trimspace" | "trimprefix" | "trimsuffix"
        | "format" | "substr" | "tostring" | "cidrhost" | "title" => Ty::TEXT,
        "split" | "sort" | "formatlist" => Ty::List(Item::Text),
        "setintersection" | "setunion" | "setsubtract" | "toset" | "tolist" | "compact"
        | "reverse" | "slice" | "range" => Ty::List(Item::Any),
        _ => Ty::ANY,
    }
}
