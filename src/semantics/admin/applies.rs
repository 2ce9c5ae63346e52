//! Whether an admin rule applies to a network: the groups its collection names, the deployment of
//! its configuration, and services that have a network intent policy.

use std::sync::Arc;

use super::{action, name_of, open_question};
use crate::eval::ResourceKey;
use crate::eval::value::{Truth, Unknown};
use crate::model::manager::{
    AdminAction, AdminConfiguration, AdminDeployment, AdminRuleCollection, IntentPolicyServices,
    NetworkGroup,
};
use crate::model::{
    AdminConfigurationId, AdminDeploymentId, AdminRuleCollectionId, AdminRuleId, Field, Link, List,
    Meta, NetworkGroupId, NetworkManagerId, State, StaticMemberId, SubnetId, VnetId,
};
use crate::semantics::Semantics;
use crate::semantics::compile::outside;
use crate::semantics::packet::answer::add_unknown;

/// The network that packets leave or reach.
#[derive(Clone, Debug)]
pub(super) enum Ground {
    Network(VnetId),
    Outside(ResourceKey),
    Unknown,
}

/// Whether something applies, and what would have to be known.
#[derive(Clone, Debug)]
pub(super) struct Applies {
    pub(super) truth: Truth,
    pub(super) because: Vec<Arc<Unknown>>,
}

impl Applies {
    const YES: Self = Self {
        truth: Truth::True,
        because: Vec::new(),
    };
    const NO: Self = Self {
        truth: Truth::False,
        because: Vec::new(),
    };

    fn perhaps(unknown: Arc<Unknown>) -> Self {
        Self {
            truth: Truth::Unknown,
            because: vec![unknown],
        }
    }

    fn of_meta(meta: &Meta) -> Self {
        Self {
            truth: if meta.template {
                meta.existence.truth.and(Truth::Unknown)
            } else {
                meta.existence.truth
            },
            because: meta.existence.because.iter().cloned().collect(),
        }
    }

    fn and(self, other: Self) -> Self {
        let truth = self.truth.and(other.truth);
        self.joined(other, truth)
    }

    fn or(self, other: Self) -> Self {
        let truth = self.truth.or(other.truth);
        self.joined(other, truth)
    }

    /// Keeps what is open only where the whole is.
    fn joined(self, other: Self, truth: Truth) -> Self {
        let mut because = Vec::new();
        if truth == Truth::Unknown {
            for part in [self, other] {
                if part.truth == Truth::Unknown {
                    for unknown in &part.because {
                        add_unknown(&mut because, unknown);
                    }
                }
            }
        }
        Self { truth, because }
    }
}

impl Semantics<'_> {
    /// Whether an admin rule applies to a network.
    pub(super) fn admin_rule_applies(&self, rule: AdminRuleId, ground: &Ground) -> Applies {
        let collection = &self.network[rule].collection;
        let action = action(&self.network[rule].action);
        each(collection, |id| {
            self.collection_applies(id, ground)
                .and(self.is_exempt(id, action, ground))
        })
    }

    /// Why there may be admin rules that the files do not tell: of collections that are only looked
    /// up.
    pub(super) fn further_admin_rules(&self, ground: &Ground) -> Vec<Arc<Unknown>> {
        let mut further = Vec::new();
        for id in AdminRuleCollectionId::all(self.network) {
            let collection: &AdminRuleCollection = &self.network[id];
            if collection.meta.existing && self.collection_applies(id, ground).truth != Truth::False
            {
                further.push(outside(&collection.meta.key));
            }
        }
        further
    }

    /// The manager a rule belongs to, as far as it is known.
    pub(super) fn manager_of(&self, rule: AdminRuleId) -> Option<&Link<NetworkManagerId>> {
        let collection = self.network[rule].collection.value()?.here()?;
        let configuration = self.network[collection].configuration.value()?.here()?;
        self.network[configuration].manager.value()
    }

    /// Whether a subnet is exempt from admin rules by its name.
    pub(super) fn is_exempt_subnet(&self, subnet: SubnetId) -> bool {
        let name = self.network[subnet].meta.name.value();
        name.is_some_and(|name| {
            let mut rows = self.facts.admin_exemptions.iter();
            rows.any(|row| {
                row.subnet
                    .as_ref()
                    .is_some_and(|it| it.eq_ignore_ascii_case(name))
            })
        })
    }

    /// Whether the members that the files name are taken for all members of a group.
    pub(super) fn is_taken_as_closed(&self, group: NetworkGroupId) -> bool {
        let here = Link::Here(group);
        let mut members = self.network.static_members.iter();
        !self.network[group].meta.existing && members.any(|it| it.group.value() == Some(&here))
    }

    fn collection_applies(&self, id: AdminRuleCollectionId, ground: &Ground) -> Applies {
        let collection: &AdminRuleCollection = &self.network[id];
        let member = any(&collection.groups, |group| match group {
            Link::Here(group) => self.is_member(*group, ground),
            Link::External(key) => Applies::perhaps(outside(key)),
        });
        let deployed = each(&collection.configuration, |id| self.is_deployed(id, ground));
        Applies::of_meta(&collection.meta).and(member).and(deployed)
    }

    fn is_member(&self, id: NetworkGroupId, ground: &Ground) -> Applies {
        let group: &NetworkGroup = &self.network[id];
        let of_subnets = |kind: &Arc<str>| kind.eq_ignore_ascii_case("Subnet");
        if group.member_type.value().is_some_and(of_subnets) {
            return Applies::NO;
        }
        let mut member = if self.is_taken_as_closed(id) {
            Applies::NO
        } else {
            let name = name_of(&group.meta);
            let label = format!("which networks are members of the network group `{name}`");
            Applies::perhaps(open_question(&group.meta.key.0, label))
        };
        for entry in StaticMemberId::all(self.network) {
            let entry = &self.network[entry];
            let of_group = same(&entry.group, |link| link == &Link::Here(id));
            if of_group.truth == Truth::False {
                continue;
            }
            let network = same(&entry.network, |link| match (link, ground) {
                (Link::Here(vnet), Ground::Network(own)) => vnet == own,
                (Link::External(key), Ground::Outside(own)) => key == own,
                _ => false,
            });
            let network = match ground {
                Ground::Unknown => Applies::perhaps(open_question(
                    "network",
                    "which virtual network the subnet belongs to".to_owned(),
                )),
                _ => network,
            };
            member = member.or(Applies::of_meta(&entry.meta).and(of_group).and(network));
        }
        Applies::of_meta(&group.meta).and(member)
    }

    /// Whether these files deploy configurations of the manager of one anywhere.
    pub(super) fn is_deployment_told(&self, id: AdminConfigurationId) -> bool {
        let manager = self.network[id].manager.value();
        AdminDeploymentId::all(self.network).any(|deployment| {
            let other = &self.network[deployment].manager;
            let is_other = manager
                .is_some_and(|manager| same(other, |link| link == manager).truth == Truth::False);
            !is_other
        })
    }

    /// Whether a configuration is deployed to the region of a network. A file that deploys
    /// configurations of a manager anywhere is taken to tell all of its deployments.
    fn is_deployed(&self, id: AdminConfigurationId, ground: &Ground) -> Applies {
        let configuration: &AdminConfiguration = &self.network[id];
        let location = match ground {
            Ground::Network(vnet) => Some(&self.network[*vnet].location),
            Ground::Outside(_) | Ground::Unknown => None,
        };
        let told = self.is_deployment_told(id);
        let mut deployed = Applies::NO;
        for deployment in AdminDeploymentId::all(self.network) {
            let deployment: &AdminDeployment = &self.network[deployment];
            let of_manager = match configuration.manager.value() {
                Some(manager) => same(&deployment.manager, |link| link == manager),
                None => Applies::perhaps(open_question(
                    &configuration.meta.key.0,
                    format!("the network manager of {}", configuration.meta.address),
                )),
            };
            if of_manager.truth == Truth::False {
                continue;
            }
            let there = same_region(&deployment.location, location);
            let listed = any(&deployment.configurations, |link| match link {
                Link::Here(listed) if *listed == id => Applies::YES,
                _ => Applies::NO,
            });
            let this = Applies::of_meta(&deployment.meta)
                .and(of_manager)
                .and(there)
                .and(listed);
            deployed = deployed.or(this);
        }
        if !told && self.admin_deployed {
            deployed = Applies::YES;
        } else if !told {
            let name = name_of(&configuration.meta);
            let region = location.and_then(Field::value);
            let place = region.map_or_else(String::new, |region| format!(" to `{region}`"));
            let label =
                format!("whether the security admin configuration `{name}` is deployed{place}");
            deployed = Applies::perhaps(open_question(&configuration.meta.key.0, label));
        }
        Applies::of_meta(&configuration.meta).and(deployed)
    }

    /// Whether a collection's rules of an action apply although the network may hold services that
    /// have a network intent policy.
    fn is_exempt(
        &self,
        id: AdminRuleCollectionId,
        action: Option<AdminAction>,
        ground: &Ground,
    ) -> Applies {
        let services = self.has_intent_policy(ground);
        if services.truth == Truth::False {
            return Applies::YES;
        }
        let applies = each(&self.network[id].configuration, |id| {
            let field = &self.network[id].intent_policy_services;
            match &field.state {
                State::Absent | State::Known(IntentPolicyServices::None) => Applies::NO,
                State::Known(IntentPolicyServices::All) => Applies::YES,
                State::Known(IntentPolicyServices::AllowRulesOnly) => match action {
                    Some(AdminAction::Allow) => Applies::YES,
                    Some(AdminAction::Deny) => Applies::NO,
                    // It is not documented whether `Always Allow` counts as an Allow rule here.
                    Some(AdminAction::AlwaysAllow) | None => {
                        let label = "whether rules that always allow apply beside services with a \
                                     network intent policy";
                        Applies::perhaps(open_question("intent policy", label.to_owned()))
                    }
                },
                State::Unknown(unknown, _) => Applies::perhaps(Arc::clone(unknown)),
                State::Invalid { raw, .. } => {
                    Applies::perhaps(open_question("intent policy", raw.to_string()))
                }
            }
        });
        let without = Applies {
            truth: !services.truth,
            because: services.because,
        };
        without.or(applies)
    }

    /// Whether a network holds a service that has a network intent policy.
    fn has_intent_policy(&self, ground: &Ground) -> Applies {
        let Ground::Network(vnet) = ground else {
            let label = "which services the virtual network holds";
            return Applies::perhaps(open_question("services", label.to_owned()));
        };
        let network = &self.network[*vnet];
        let subnets = &network.subnets;
        let mut found = match &subnets.rest {
            Some(rest) => Applies::perhaps(Arc::clone(rest)),
            None if network.meta.existing => Applies::perhaps(outside(&network.meta.key)),
            None => Applies::NO,
        };
        let named = |service: &Arc<str>| {
            let mut rows = self.facts.admin_exemptions.iter();
            rows.any(|row| {
                row.delegation
                    .as_ref()
                    .is_some_and(|it| it.eq_ignore_ascii_case(service))
            })
        };
        for subnet in &subnets.items {
            let subnet = &self.network[*subnet];
            let here = any(&subnet.delegations, |service| {
                if named(service) {
                    Applies::YES
                } else {
                    Applies::NO
                }
            });
            found = found.or(Applies::of_meta(&subnet.meta).and(here));
        }
        found
    }
}

/// What holds of the element that a field links.
fn each<I: Copy>(field: &Field<Link<I>>, holds: impl Fn(I) -> Applies) -> Applies {
    match &field.state {
        State::Known(Link::Here(id)) => holds(*id),
        State::Known(Link::External(key)) => Applies::perhaps(outside(key)),
        State::Unknown(unknown, candidates) => {
            let none = candidates.as_ref().is_some_and(|all| {
                !all.is_empty()
                    && all.iter().all(|link| {
                        link.here()
                            .is_some_and(|id| holds(id).truth == Truth::False)
                    })
            });
            if none {
                Applies::NO
            } else {
                Applies::perhaps(Arc::clone(unknown))
            }
        }
        // Azure refuses what belongs to nothing.
        State::Absent => Applies::NO,
        State::Invalid { raw, .. } => Applies::perhaps(open_question("link", raw.to_string())),
    }
}

/// Whether a field has a value of some kind.
fn same<T>(field: &Field<T>, is: impl Fn(&T) -> bool) -> Applies {
    match &field.state {
        State::Known(value) if is(value) => Applies::YES,
        State::Known(_) | State::Absent => Applies::NO,
        State::Unknown(_, Some(all)) if !all.is_empty() && !all.iter().any(is) => Applies::NO,
        State::Unknown(unknown, _) => Applies::perhaps(Arc::clone(unknown)),
        State::Invalid { raw, .. } => Applies::perhaps(open_question("value", raw.to_string())),
    }
}

/// Whether something holds of an item of a list.
fn any<T>(list: &List<Field<T>>, holds: impl Fn(&T) -> Applies) -> Applies {
    let mut answer = match &list.rest {
        Some(rest) => Applies::perhaps(Arc::clone(rest)),
        None => Applies::NO,
    };
    for item in &list.items {
        let one = match &item.state {
            State::Known(value) => holds(value),
            State::Absent => Applies::NO,
            State::Unknown(unknown, candidates) => {
                let none = candidates.as_ref().is_some_and(|all| {
                    !all.is_empty() && all.iter().all(|it| holds(it).truth == Truth::False)
                });
                if none {
                    Applies::NO
                } else {
                    Applies::perhaps(Arc::clone(unknown))
                }
            }
            State::Invalid { raw, .. } => Applies::perhaps(open_question("value", raw.to_string())),
        };
        answer = answer.or(one);
    }
    answer
}

/// Whether two regions are the same; they are written `West Europe` or `westeurope`.
fn same_region(field: &Field<Arc<str>>, other: Option<&Field<Arc<str>>>) -> Applies {
    let plain = |text: &str| -> String {
        let letters = text.chars().filter(|letter| !letter.is_whitespace());
        letters.map(|letter| letter.to_ascii_lowercase()).collect()
    };
    match other.map(|other| &other.state) {
        Some(State::Known(region)) => {
            let region = plain(region);
            same(field, |text| plain(text) == region)
        }
        // Equal unknowns are equal values.
        Some(State::Unknown(unknown, candidates)) => {
            if field.unknown().is_some_and(|own| own.id == unknown.id) {
                return Applies::YES;
            }
            let elsewhere = candidates.as_ref().is_some_and(|all| {
                !all.is_empty()
                    && all.iter().all(|region| {
                        let region = plain(region);
                        same(field, |text| plain(text) == region).truth == Truth::False
                    })
            });
            if elsewhere {
                Applies::NO
            } else {
                Applies::perhaps(Arc::clone(unknown))
            }
        }
        Some(State::Absent | State::Invalid { .. }) | None => {
            let label = "the region of the virtual network";
            Applies::perhaps(open_question("region", label.to_owned()))
        }
    }
}
