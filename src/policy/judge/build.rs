//! A wrong to a judgement: message, severity, places.

use std::sync::Arc;

use indexmap::IndexMap;

use super::reasons::missing;
use super::{ClauseJudge, Wrong};
use crate::diagnostic::{Label, Severity};
use crate::eval::value::{Reason, Truth};
use crate::model::without_keys;
use crate::model::{SecurityRuleId, State};
use crate::origin::OriginId;
use crate::policy::clause::{Body, Speech};
use crate::policy::contract::Cause;
use crate::policy::datum::{self, Data, Datum, Element};
use crate::policy::finding::{FindingVerdict, Instance, Judgement, RelatedPlace};
use crate::policy::message::When;
use crate::policy::vocabulary::{Kind, element, protocol_word};
use crate::policy::{authored, primary};
use crate::semantics::packet::Flow;
use crate::source::Span;

impl ClauseJudge<'_, '_> {
    /// `None` only for a deployment without a single file, or a rule with an error.
    pub(super) fn build(&self, slots: &[Datum], wrong: &Wrong) -> Option<Judgement> {
        let network = self.world.network;
        let deployment = self.world.deployment;
        let verdict = match wrong.truth {
            Truth::True => FindingVerdict::Violated,
            _ => FindingVerdict::Undetermined,
        };
        let unknowns = match verdict {
            FindingVerdict::Violated => Vec::new(),
            FindingVerdict::Undetermined => {
                let mut inputs = missing(&wrong.unknowns);
                if let Some(route) = wrong.outcome.as_ref().and_then(|outcome| outcome.route) {
                    let at = network[route].next_hop_address.origin;
                    let place = self.place_of(at);
                    for input in &mut inputs {
                        input.place = input.place.or(place);
                    }
                }
                inputs
            }
        };
        let mut slots = slots.to_vec();
        let speech = self.clause.speech()?;
        slots.extend(self.said(wrong, verdict, &unknowns));
        let severity = self.severity(speech, &slots, wrong);
        let mut evaluation = self.evaluation(&slots);
        let own = match (&self.clause.demand()?.body, wrong.assertion) {
            (Body::Assert(asserts), Some(position)) => asserts
                .get(position)
                .and_then(|assert| assert.message.as_ref())
                .map(|message| message.fill(&mut evaluation)),
            _ => None,
        };
        let demand = wrong.assertion.filter(|_| own.is_some());
        let mut message = own
            .or_else(|| When::first(&speech.message, &mut evaluation))
            .unwrap_or_else(|| self.rule.spec.title.value.to_string());
        for note in When::every(&speech.notes, &mut evaluation) {
            message.push(' ');
            message.push_str(&note);
        }
        let fix = When::first(&speech.suggest, &mut evaluation);
        let related = self.related(speech, &mut evaluation);

        let (subject, deciding) = self.origins(wrong, &slots);
        let about = primary::About {
            subject,
            fields: self.all_fields(wrong),
            deciding,
        };
        let mut places = primary::choose(
            &deployment.origins,
            || self.world.typed(),
            &about,
            &self.world.settings.foreign,
        )
        .or_else(|| {
            let first = deployment.files.first()?;
            Some(primary::Places {
                primary: Span::new(*first, 0, 0),
                related: Vec::new(),
            })
        })?;
        let extra = self.extra_places(wrong).into_iter().chain(related);
        for place in extra {
            let known = place.span == places.primary
                || places.related.iter().any(|known| known.span == place.span);
            if !known {
                places.related.push(place);
            }
        }

        let named = match wrong.cause {
            Cause::SecurityRule(rule) => Some(rule),
            _ if wrong.element.kind == Kind::SecurityRule => Some(SecurityRuleId(wrong.element.id)),
            _ => None,
        };
        let security_rule = named.map(|rule| {
            let meta = &network[rule].meta;
            match &meta.name.state {
                State::Known(name) => Arc::clone(name),
                _ => Arc::clone(&meta.address),
            }
        });
        let resource = wrong.element.meta(self.world).map_or_else(
            || Arc::clone(&deployment.name),
            |meta| Arc::clone(&meta.address),
        );
        Some(Judgement {
            rule: Arc::clone(self.rule.id()),
            clause: self.position,
            demand: demand.and_then(|demand| u32::try_from(demand).ok()),
            item: self.item(&slots),
            verdict,
            severity,
            message,
            fix,
            primary: Label {
                span: places.primary,
                text: self.label(wrong),
            },
            related: places.related,
            resource_kind: wrong.element.kind.spec().name.into(),
            resource_name: without_keys(&resource).into(),
            instance: Instance {
                deployment: Arc::clone(&deployment.name),
                environment: None,
                resource,
                source: None,
                verdict,
                witness: wrong.outcome.as_ref().and_then(|outcome| outcome.witness),
            },
            security_rule,
            unknowns,
        })
    }

    fn severity(&self, speech: &Speech, slots: &[Datum], wrong: &Wrong) -> Severity {
        if let Some(severity) = self.world.settings.severities.get(self.rule.id()) {
            return *severity;
        }
        let own = speech
            .severity
            .iter()
            .find(|(when, _)| match when {
                Some(when) => self.evaluation(slots).truth(when).0 == Truth::True,
                None => true,
            })
            .map_or(Severity::Warning, |(_, severity)| *severity);
        // What hangs on resources outside the files is at most a warning.
        let roots = || wrong.unknowns.iter().flat_map(|unknown| unknown.roots());
        let outside = wrong.truth == Truth::Unknown
            && roots().next().is_some()
            && roots().all(|root| root.reason == Reason::Outside);
        let most = if outside {
            Some(Severity::Warning)
        } else {
            wrong.at_most
        };
        most.map_or(own, |most| own.min(most))
    }

    /// The values of the names that only messages know, in the order of their slots.
    fn said(
        &self,
        wrong: &Wrong,
        verdict: FindingVerdict,
        unknowns: &[crate::policy::finding::MissingInput],
    ) -> Vec<Datum> {
        let absent = || Datum::constant(Data::Absent);
        let verdict = match verdict {
            FindingVerdict::Violated => "violated",
            FindingVerdict::Undetermined => "undetermined",
        };
        let decider = match &wrong.cause {
            Cause::SecurityRule(rule) => element(self.world, Kind::SecurityRule, rule.0),
            Cause::FirewallRule(rule) => element(self.world, Kind::FirewallRule, rule.0),
            Cause::Route(route) => element(self.world, Kind::Route, route.0),
            Cause::Default(_, name) => Datum::text(Arc::clone(name)),
            Cause::Element(one) => element(self.world, one.kind, one.id),
            Cause::Subject => element(self.world, wrong.element.kind, wrong.element.id),
        };
        let outcome = wrong.outcome.as_ref();
        let route = outcome
            .and_then(|outcome| outcome.route)
            .map_or_else(absent, |route| element(self.world, Kind::Route, route.0));
        let witness = outcome
            .and_then(|outcome| outcome.witness)
            .map_or_else(absent, |flow| witness(&flow));
        let hit = outcome.map_or_else(absent, |outcome| {
            let ports = outcome.ports.iter().map(|ports| Data::Ports(*ports));
            let protocols = outcome
                .protocols
                .iter()
                .map(|protocol| Data::Text(protocol_word(*protocol).to_ascii_uppercase().into()));
            let destinations = outcome
                .destinations
                .iter()
                .map(|prefix| Data::Address(prefix.clone()));
            object([
                ("ports", list(ports)),
                ("protocols", list(protocols)),
                ("destinations", list(destinations)),
            ])
        });
        let cover = wrong.cover.iter().map(|rule| {
            let one = element(self.world, rule.kind, rule.id);
            datum::Item::certain(one)
        });
        let cover = Datum::list(cover.collect(), None);
        let missing: Vec<&str> = unknowns.iter().map(|input| &*input.what).collect();
        let unknown = match missing.is_empty() {
            true => Datum::text("nothing"),
            false => Datum::text(missing.join(", ")),
        };
        let revive = wrong.revive.map_or_else(absent, |revive| {
            object([
                (
                    "before",
                    element(self.world, revive.before.kind, revive.before.id),
                ),
                (
                    "priority",
                    revive.priority.map_or_else(absent, |priority| {
                        Datum::constant(Data::Number(i64::from(priority)))
                    }),
                ),
            ])
        });
        let readings = outcome.and_then(|outcome| outcome.readings.as_ref());
        let reading = readings.map_or_else(absent, |readings| {
            object([
                ("widened", Datum::text(Arc::clone(&readings.widened))),
                ("plain", Datum::text(Arc::clone(&readings.plain))),
                ("opens", Datum::constant(Data::Bool(readings.opens))),
            ])
        });
        vec![
            Datum::text(verdict),
            decider,
            route,
            witness,
            hit,
            cover,
            unknown,
            revive,
            element(self.world, wrong.element.kind, wrong.element.id),
            reading,
        ]
    }

    /// The origin the finding is about, and those of what decided.
    fn origins(&self, wrong: &Wrong, slots: &[Datum]) -> (OriginId, Vec<OriginId>) {
        let network = self.world.network;
        let own = wrong
            .element
            .meta(self.world)
            .map_or(OriginId::NONE, |meta| meta.origin);
        let subject = |about: primary::About| (about.subject, about.deciding);
        if let Some(at) = wrong.at {
            // What has several fields stands where these were typed together.
            match at.element {
                Some(one) if one.kind == Kind::Route => {
                    return subject(authored::route(network, crate::model::RouteId(one.id)));
                }
                Some(one) if one.kind == Kind::SecurityRule => {
                    let rule = SecurityRuleId(one.id);
                    return subject(authored::security_rule(network, rule, None));
                }
                _ => {}
            }
            let holder = at.element.unwrap_or(wrong.element);
            let holder = authored::holder(network, holder, at.origin);
            let other = || Some(at.element?.meta(self.world)?.origin);
            return (holder.or_else(other).unwrap_or(own), vec![at.origin]);
        }
        match &wrong.cause {
            Cause::SecurityRule(rule) => {
                let witness = wrong.outcome.as_ref().and_then(|outcome| outcome.witness);
                subject(authored::security_rule(network, *rule, witness.as_ref()))
            }
            Cause::FirewallRule(rule) => subject(authored::firewall_rule(network, *rule)),
            Cause::Route(route) => subject(authored::route(network, *route)),
            Cause::Default(Some(nsg), _) => (network[*nsg].meta.origin, Vec::new()),
            Cause::Element(one) => {
                let meta = one.meta(self.world);
                (meta.map_or(own, |meta| meta.origin), Vec::new())
            }
            Cause::Default(None, _) | Cause::Subject => {
                if let Some(route) = wrong.outcome.as_ref().and_then(|outcome| outcome.route) {
                    return subject(authored::route(network, route));
                }
                let mut deciding = wrong.deciding.clone();
                if deciding.is_empty() {
                    // What is bound by `each` is what it is about.
                    let bound = slots.get(1..=self.scope.each.len()).unwrap_or(&[]);
                    deciding.extend(
                        bound
                            .iter()
                            .filter(|datum| !matches!(datum.data, Data::Element(_)))
                            .map(|datum| datum.origin)
                            .filter(|origin| *origin != OriginId::NONE),
                    );
                }
                if deciding.is_empty() && wrong.element.kind == Kind::SecurityRule {
                    let rule = SecurityRuleId(wrong.element.id);
                    deciding = authored::security_rule(network, rule, None).deciding;
                }
                (own, deciding)
            }
        }
    }

    /// The literals that what `each` binds last was typed as, if that is no element.
    fn item(&self, slots: &[Datum]) -> Vec<Span> {
        let bound = slots.get(1..=self.scope.each.len()).unwrap_or(&[]);
        match bound.last() {
            Some(datum) if !matches!(datum.data, Data::Element(_)) => {
                self.world.deployment.origins.literals(datum.origin)
            }
            _ => Vec::new(),
        }
    }

    /// Where the fields of what the finding points at come from, each with its items.
    fn all_fields(&self, wrong: &Wrong) -> Vec<Vec<OriginId>> {
        let network = self.world.network;
        let rule = match wrong.cause {
            Cause::SecurityRule(rule) => Some(rule),
            _ if wrong.element.kind == Kind::SecurityRule => Some(SecurityRuleId(wrong.element.id)),
            _ => None,
        };
        if let Some(rule) = rule {
            return authored::security_rule(network, rule, None).fields;
        }
        if let Cause::FirewallRule(rule) = wrong.cause {
            return authored::firewall_rule(network, rule).fields;
        }
        let route = wrong.outcome.as_ref().and_then(|outcome| outcome.route);
        if let (Cause::Route(_) | Cause::Subject, Some(route)) = (&wrong.cause, route) {
            return authored::route(network, route).fields;
        }
        Vec::new()
    }

    /// What a few words at the primary place say.
    fn label(&self, wrong: &Wrong) -> String {
        match &wrong.cause {
            Cause::SecurityRule(_) | Cause::FirewallRule(_)
                if !wrong.cover.is_empty() && wrong.outcome.is_none() =>
            {
                "never decides a packet".into()
            }
            Cause::SecurityRule(_) | Cause::FirewallRule(_) => "this rule decides".into(),
            Cause::Route(_)
                if wrong
                    .outcome
                    .as_ref()
                    .is_some_and(|it| it.readings.is_some()) =>
            {
                "this route widens `VirtualNetwork`".into()
            }
            Cause::Route(_) => "this route decides".into(),
            Cause::Default(Some(_), name) => {
                format!("no rule of this group decides; Azure's `{name}` does")
            }
            Cause::Default(None, name) => format!("Azure's `{name}` decides"),
            Cause::Element(one) => format!("this {} decides", one.kind.spec().name),
            Cause::Subject => String::new(),
        }
    }

    /// Places that follow from what decided.
    fn extra_places(&self, wrong: &Wrong) -> Vec<RelatedPlace> {
        let mut places = Vec::new();
        let mut add = |origin: OriginId, text: String| {
            if let Some(span) = self.place_of(origin) {
                places.push(RelatedPlace { span, text });
            }
        };
        let network = self.world.network;
        for rule in &wrong.cover {
            if let Some(meta) = rule.meta(self.world) {
                let how = match rule.kind {
                    Kind::Route => "sent back by",
                    _ if wrong.outcome.is_some() => "together with",
                    _ => "hidden by",
                };
                add(meta.origin, format!("{how} `{}`", rule.display(self.world)));
            }
        }
        if let Some(route) = wrong.outcome.as_ref().and_then(|outcome| outcome.route)
            && !matches!(wrong.cause, Cause::Route(_))
        {
            let name = Element {
                kind: Kind::Route,
                id: route.0,
            }
            .display(self.world);
            add(
                network[route].meta.origin,
                format!("route `{name}` takes the packets there"),
            );
        }
        let same = match wrong.cause {
            Cause::SecurityRule(rule) => (Kind::SecurityRule, rule.0),
            Cause::FirewallRule(rule) => (Kind::FirewallRule, rule.0),
            _ => (wrong.element.kind, u32::MAX),
        } == (wrong.element.kind, wrong.element.id);
        if !same
            && !matches!(wrong.cause, Cause::Subject)
            && let Some(meta) = wrong.element.meta(self.world)
        {
            let kind = wrong.element.kind.spec().name;
            add(
                meta.origin,
                format!("{kind} `{}`", wrong.element.display(self.world)),
            );
        }
        places
    }

    fn related(
        &self,
        speech: &Speech,
        evaluation: &mut crate::policy::expr::Evaluation<'_, '_>,
    ) -> Vec<RelatedPlace> {
        let mut places = Vec::new();
        for related in &speech.related {
            if let Some(when) = &related.when
                && evaluation.truth(when).0 != Truth::True
            {
                continue;
            }
            let (value, _) = evaluation.compute(&related.at);
            let values: Vec<Datum> = match &value.data {
                Data::List(items) => items.items.iter().map(|item| item.datum.clone()).collect(),
                _ => vec![value],
            };
            for value in values {
                if let Some(span) = self.place_of(value.origin) {
                    let text = related.text.fill(evaluation);
                    places.push(RelatedPlace { span, text });
                }
            }
        }
        places
    }

    fn place_of(&self, origin: OriginId) -> Option<Span> {
        authored::place_of(self.world.deployment, origin)
    }
}

fn object<const N: usize>(entries: [(&'static str, Datum); N]) -> Datum {
    let entries: IndexMap<Arc<str>, Datum> = entries
        .into_iter()
        .map(|(name, value)| (name.into(), value))
        .collect();
    Datum::constant(Data::Object(Arc::new(entries)))
}

fn list(items: impl Iterator<Item = Data>) -> Datum {
    let items = items.map(|data| datum::Item::certain(Datum::constant(data)));
    Datum::list(items.collect(), None)
}

/// A packet as the names of messages see it.
fn witness(flow: &Flow) -> Datum {
    let protocol = protocol_word(flow.protocol);
    let ports = flow.destination_port != 0 || flow.source_port != 0;
    let end = |address: std::net::IpAddr, port: u16| match (ports, address) {
        (false, address) => address.to_string(),
        (true, std::net::IpAddr::V6(address)) => format!("[{address}]:{port}"),
        (true, std::net::IpAddr::V4(address)) => format!("{address}:{port}"),
    };
    let text = format!(
        "{} {} → {}",
        protocol.to_ascii_uppercase(),
        match ports {
            true => flow.source.to_string(),
            false => end(flow.source, 0),
        },
        end(flow.destination, flow.destination_port)
    );
    let number = |port: u16| Datum::constant(Data::Number(i64::from(port)));
    object([
        ("source", Datum::text(flow.source.to_string())),
        ("destination", Datum::text(flow.destination.to_string())),
        ("protocol", Datum::text(protocol)),
        ("port", number(flow.destination_port)),
        ("source_port", number(flow.source_port)),
        ("text", Datum::text(text)),
    ])
}
