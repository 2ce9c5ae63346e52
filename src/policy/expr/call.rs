//! The functions that know open lists, elements, addresses and ports.

use std::sync::Arc;

use super::{Builtin, Evaluation};
use crate::eval::value::{Reason, Truth, Unknown};
use crate::model::address::{AddressPrefix, PortRange};
use crate::model::{Field, List, State, SubnetId};
use crate::origin::OriginId;
use crate::policy::datum::{Data, Datum, Item, parse_address, parse_ports, undecided};
use crate::policy::vocabulary;
use crate::semantics::lists::{means_port, ports_contain};
use crate::semantics::packet::Family;

impl Evaluation<'_, '_> {
    pub(super) fn builtin(&mut self, builtin: Builtin, args: &[Datum]) -> Datum {
        let absent = Datum::constant(Data::Absent);
        let first = args.first().unwrap_or(&absent);
        let second = args.get(1).unwrap_or(&absent);
        match builtin {
            // Quantifiers are evaluated with their loop.
            Builtin::AnyTrue | Builtin::AllTrue => self.answer(Truth::Unknown),
            Builtin::Length => self.length(first),
            Builtin::Contains => {
                let truth = contains(first, second);
                self.answer(truth)
            }
            Builtin::Known => match &first.data {
                Data::List(items) => {
                    let known = items
                        .items
                        .iter()
                        .filter(|item| !matches!(item.datum.data, Data::Unknown(..)))
                        .cloned();
                    Datum::list(known.collect(), None)
                }
                _ => Datum::list(Vec::new(), None),
            },
            Builtin::Concat => concat(args),
            Builtin::Flatten => match &first.data {
                Data::List(items) => flatten(items),
                _ => first.clone(),
            },
            Builtin::Distinct => match &first.data {
                Data::List(items) => {
                    let mut kept: Vec<Item> = Vec::new();
                    for item in &items.items {
                        let twice = kept.iter().any(|before| {
                            before.present == Truth::True
                                && before.datum.equals(&item.datum) == Truth::True
                        });
                        if !twice {
                            kept.push(item.clone());
                        }
                    }
                    Datum::list(kept, items.rest.clone())
                }
                _ => first.clone(),
            },
            Builtin::Coalesce => args
                .iter()
                .find(|arg| !matches!(arg.data, Data::Absent))
                .cloned()
                .unwrap_or(absent),
            // A tag is the set of its addresses: whether it holds another is the same question.
            Builtin::Covers | Builtin::TagIncludes => {
                let (outer, inner) = (self.addresses(first), self.addresses(second));
                let truth = self.world.semantics.covers(&outer, &inner);
                self.answer(truth)
            }
            Builtin::Overlaps => {
                let (a, b) = (self.addresses(first), self.addresses(second));
                let truth = self.world.semantics.overlaps(&a, &b);
                self.answer(truth)
            }
            Builtin::PortsContain | Builtin::MeansPort => {
                let ports = port_list(first);
                let port = match &second.data {
                    Data::Number(number) => u16::try_from(*number).ok(),
                    _ => None,
                };
                let truth = match (port, builtin) {
                    (Some(port), Builtin::MeansPort) => means_port(&ports, port),
                    (Some(port), _) => ports_contain(&ports, port),
                    (None, _) => Truth::Unknown,
                };
                self.answer(truth)
            }
            Builtin::Undetermined => {
                let label = match &first.data {
                    Data::Text(label) => Arc::clone(label),
                    _ => Arc::from("what these files do not tell"),
                };
                let unknown = Arc::new(Unknown::new("undetermined", label, Reason::Outside));
                self.trace.unknowns.push(Arc::clone(&unknown));
                Datum::unknown(unknown)
            }
            Builtin::Allows => self.allows(args),
            Builtin::Leads => self.leads(args),
            Builtin::Firewalls => self.firewalls(args),
            Builtin::RouteTo => self.route_to(first, second),
            Builtin::Tag | Builtin::Attribute => self.written(builtin, first, second),
        }
    }

    /// Addresses, those of named sets included.
    fn addresses(&self, value: &Datum) -> List<Field<AddressPrefix>> {
        let set = |datum: &Datum| match &datum.data {
            Data::Text(name) => self.named_set(name, datum.origin),
            _ => None,
        };
        if let Some(all) = set(value) {
            return List::closed(all);
        }
        let Data::List(items) = &value.data else {
            return address_list(value);
        };
        let mut left = items.items.clone();
        let mut named = Vec::new();
        left.retain(
            |item| match set(&item.datum).filter(|_| item.present == Truth::True) {
                Some(all) => {
                    named.extend(all);
                    false
                }
                None => true,
            },
        );
        let mut list = address_list(&Datum::list(left, items.rest.clone()));
        list.items.extend(named);
        list
    }

    fn named_set(&self, name: &str, origin: OriginId) -> Option<Vec<Field<AddressPrefix>>> {
        let mut all = Vec::new();
        for family in [Family::V4, Family::V6] {
            let set = self.world.semantics.named_set(name, family)?;
            for (first, last) in set.intervals() {
                let (first, last) = (family.address(*first), family.address(*last));
                all.push(Field::known(AddressPrefix::Range(first, last), origin));
            }
        }
        Some(all)
    }

    /// Where packets from a subnet to one address go next.
    fn route_to(&mut self, subnet: &Datum, address: &Datum) -> Datum {
        let to = match &address.data {
            Data::Text(text) => text.parse().ok(),
            Data::Address(AddressPrefix::Block(block))
                if block.prefix_len() == block.max_prefix_len() =>
            {
                Some(block.addr())
            }
            _ => None,
        };
        let value = match (&subnet.data, to) {
            (Data::Element(subnet), Some(to)) => {
                vocabulary::route_to(self.world, SubnetId(subnet.id), to)
            }
            (Data::External(key), _) => Datum::unknown(vocabulary::outside(Arc::clone(key))),
            (Data::Absent, _) => subnet.clone(),
            _ => return self.answer(Truth::Unknown),
        };
        self.read(&value);
        value
    }

    /// What is written in the resource of an element.
    fn written(&mut self, builtin: Builtin, of: &Datum, name: &Datum) -> Datum {
        let value = match (&of.data, &name.data) {
            (Data::Element(of), Data::Text(name)) => match builtin {
                Builtin::Tag => vocabulary::tag(self.world, *of, name),
                _ => vocabulary::attribute(self.world, *of, name),
            },
            (Data::Absent, _) => of.clone(),
            (Data::External(key), _) => Datum::unknown(vocabulary::outside(Arc::clone(key))),
            _ => return self.answer(Truth::Unknown),
        };
        self.read(&value);
        value
    }

    fn length(&mut self, of: &Datum) -> Datum {
        match &of.data {
            Data::List(items) => {
                let certain = items.rest.is_none()
                    && items.items.iter().all(|item| item.present == Truth::True);
                if certain {
                    let length = i64::try_from(items.items.len()).unwrap_or(i64::MAX);
                    return Datum::constant(Data::Number(length));
                }
                let because = items
                    .rest
                    .clone()
                    .or_else(|| items.items.iter().find_map(|item| item.because.clone()));
                let mut unknown =
                    because.map_or_else(|| (*undecided()).clone(), |because| (*because).clone());
                let least = items
                    .items
                    .iter()
                    .filter(|item| item.present == Truth::True)
                    .count();
                let most = match items.rest {
                    Some(_) => None,
                    None => i64::try_from(items.items.len()).ok(),
                };
                let least = i64::try_from(least).ok();
                unknown.bounds = crate::eval::value::Bounds::Range(least, most);
                unknown.id =
                    crate::eval::value::UnknownId::named("length", &unknown.id.0.to_string());
                Datum::unknown(Arc::new(unknown))
            }
            Data::Text(text) => {
                let length = i64::try_from(text.chars().count()).unwrap_or(i64::MAX);
                Datum::constant(Data::Number(length))
            }
            Data::Absent => Datum::constant(Data::Number(0)),
            _ => self.answer(Truth::Unknown),
        }
    }
}

fn contains(list: &Datum, wanted: &Datum) -> Truth {
    let Data::List(items) = &list.data else {
        return match list.data {
            Data::Absent => Truth::False,
            _ => Truth::Unknown,
        };
    };
    let mut found = Truth::False;
    for item in &items.items {
        found = found.or(item.present.and(item.datum.equals(wanted)));
    }
    match (&items.rest, found) {
        (Some(_), Truth::False) => Truth::Unknown,
        _ => found,
    }
}

fn concat(lists: &[Datum]) -> Datum {
    let mut all = Vec::new();
    let mut rest = None;
    for list in lists {
        match &list.data {
            Data::List(items) => {
                all.extend(items.items.iter().cloned());
                rest = rest.or_else(|| items.rest.clone());
            }
            Data::Unknown(unknown, _) => rest = rest.or_else(|| Some(Arc::clone(unknown))),
            _ => {}
        }
    }
    Datum::list(all, rest)
}

fn flatten(items: &crate::policy::datum::Items) -> Datum {
    let mut all = Vec::new();
    let mut rest = items.rest.clone();
    for item in &items.items {
        match &item.datum.data {
            Data::List(inner) => {
                for inside in &inner.items {
                    let mut inside = inside.clone();
                    inside.present = inside.present.and(item.present);
                    inside.because = inside.because.or_else(|| item.because.clone());
                    all.push(inside);
                }
                rest = rest.or_else(|| inner.rest.clone());
            }
            Data::Unknown(unknown, _) => rest = rest.or_else(|| Some(Arc::clone(unknown))),
            _ => all.push(item.clone()),
        }
    }
    Datum::list(all, rest)
}

/// Addresses as semantics takes them.
pub(crate) fn address_list(value: &Datum) -> List<Field<AddressPrefix>> {
    to_fields(value, &|data| match data {
        Data::Address(prefix) => Some(vec![prefix.clone()]),
        Data::Within(blocks) => Some(blocks.to_vec()),
        Data::Text(text) => parse_address(text).map(|prefix| vec![prefix]),
        _ => None,
    })
}

/// Ports as semantics takes them.
pub(crate) fn port_list(value: &Datum) -> List<Field<PortRange>> {
    to_fields(value, &|data| match data {
        Data::Ports(ports) => Some(vec![*ports]),
        Data::Text(text) => parse_ports(text).map(|ports| vec![ports]),
        Data::Number(number) => u16::try_from(*number)
            .ok()
            .map(|port| vec![PortRange::single(port)]),
        _ => None,
    })
}

fn to_fields<T>(value: &Datum, to: &dyn Fn(&Data) -> Option<Vec<T>>) -> List<Field<T>> {
    let mut list = List {
        items: Vec::new(),
        rest: None,
    };
    match &value.data {
        Data::List(items) => {
            list.rest.clone_from(&items.rest);
            for item in &items.items {
                if item.present == Truth::True {
                    push(&mut list, &item.datum, to);
                } else {
                    let because = item.because.clone().unwrap_or_else(undecided);
                    list.rest = list.rest.or(Some(because));
                }
            }
        }
        _ => push(&mut list, value, to),
    }
    list
}

fn push<T>(list: &mut List<Field<T>>, value: &Datum, to: &dyn Fn(&Data) -> Option<Vec<T>>) {
    let origin = value.origin;
    match &value.data {
        Data::Unknown(unknown, candidates) => {
            let known: Option<Vec<Vec<T>>> = candidates.iter().map(|one| to(&one.data)).collect();
            let known: Option<Vec<T>> = known
                .filter(|all| !all.is_empty())
                .map(|all| all.into_iter().flatten().collect());
            list.items.push(Field {
                state: State::Unknown(Arc::clone(unknown), known),
                origin,
            });
        }
        Data::List(_) => {}
        data => match to(data) {
            Some(values) => list
                .items
                .extend(values.into_iter().map(|value| Field::known(value, origin))),
            None if matches!(data, Data::Absent) => {}
            None => list.rest = list.rest.take().or_else(|| Some(undecided())),
        },
    }
}
