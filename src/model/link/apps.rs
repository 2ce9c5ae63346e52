//! Gives applications the subnets that other resources say they are integrated with.

use std::collections::HashMap;
use std::mem::take;

use super::resolve::Resolver;
use crate::eval::ResourceKey;
use crate::model::build::{Builder, outside};
use crate::model::{AppId, Field, Link, SubnetId};

/// Integrations of sites, and environments of container apps.
pub(super) fn integrate(builder: &mut Builder<'_>) {
    let said = take(&mut builder.notes.app_subnet);
    for (app, subnet) in said {
        attach(builder, &app, subnet);
    }
    let environments: HashMap<ResourceKey, Field<Link<SubnetId>>> =
        take(&mut builder.notes.environment_subnet)
            .into_iter()
            .collect();
    let plans: HashMap<ResourceKey, Option<ResourceKey>> =
        take(&mut builder.notes.plan_environment)
            .into_iter()
            .collect();
    for (site, plan) in take(&mut builder.notes.site_plan) {
        match plan.and_then(|plan| plans.get(&plan)) {
            Some(None) => {}
            Some(Some(environment)) => {
                let place = (site, environment.clone());
                builder.notes.app_environment.push(place);
            }
            None => not_told(
                builder,
                &site,
                "whether its plan lies in an App Service Environment",
            ),
        }
    }
    for (app, environment) in take(&mut builder.notes.app_environment) {
        if let Some(subnet) = environments.get(&environment) {
            attach(builder, &app, subnet.clone());
        } else {
            not_told(builder, &app, "the subnet of the environment");
        }
    }
}

/// What subnets an application is in cannot be told.
fn not_told(builder: &mut Builder<'_>, app: &ResourceKey, what: &str) {
    if let [id] = builder.index.find::<AppId>(app)[..] {
        let app = &mut builder.network[id];
        if app.subnets.items.is_empty() {
            app.subnets.rest = Some(outside(&app.meta, what));
        }
    }
}

fn attach(builder: &mut Builder<'_>, app: &ResourceKey, mut subnet: Field<Link<SubnetId>>) {
    if subnet.is_absent() {
        return;
    }
    let find = Resolver {
        index: &builder.index,
    };
    find.link(&mut subnet);
    if let [id] = builder.index.find::<AppId>(app)[..] {
        builder.network[id].subnets.items.push(subnet);
    }
}
