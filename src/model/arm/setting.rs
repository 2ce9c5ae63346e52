//! Settings of applications and machines: where ARM writes them.

use super::{ids, properties};
use crate::eval::{Mode, Resource, ResourceKey};
use crate::model::build::{Builder, external, link_to};
use crate::model::field::Node;
use crate::model::setting::{App, AppKind, Collector, SettingOwner};
use crate::model::{AppId, Field, Link, List, MachineId, Meta, SubnetId};

/// `Microsoft.Web/sites`, also their slots.
pub(super) fn site<'a>(builder: &mut Builder<'a>, resource: &'a Resource) {
    let from = properties(&builder.body(resource));
    let meta = app(
        builder,
        resource,
        AppKind::AppService,
        one(from.get("virtualNetworkSubnetId").link()),
    );
    let environment = from.path(&["hostingEnvironmentProfile", "id"]);
    let plan = from.get("serverFarmId");
    let site = meta.key.clone();
    if let Some(environment) = environment.key() {
        builder.notes.app_environment.push((site, environment));
    } else if !plan.is_absent() {
        builder.notes.site_plan.push((site, plan.key()));
    }
    let settings = from.path(&["siteConfig", "appSettings"]);
    of_app(builder, &meta, &meta.key.clone()).list(&settings);
}

/// `Microsoft.Web/serverfarms`
pub(super) fn plan<'a>(builder: &mut Builder<'a>, resource: &'a Resource) {
    let profile = properties(&builder.body(resource)).get("hostingEnvironmentProfile");
    let environment = profile.get("id").key();
    if resource.mode != Mode::Existing && (environment.is_some() || profile.is_absent()) {
        let place = (resource.key.clone(), environment);
        builder.notes.plan_environment.push(place);
    }
}

/// `Microsoft.Web/hostingEnvironments`
pub(super) fn hosting_environment<'a>(builder: &mut Builder<'a>, resource: &'a Resource) {
    let subnet = properties(&builder.body(resource)).path(&["virtualNetwork", "id"]);
    let place = (resource.key.clone(), subnet.link());
    builder.notes.environment_subnet.push(place);
}

/// `Microsoft.Web/sites/config`: app settings as a resource of their own.
pub(super) fn site_config<'a>(builder: &mut Builder<'a>, resource: &'a Resource) {
    let name = Node::name(resource).text();
    let Some(name) = name.value().map(|name| name.to_ascii_lowercase()) else {
        return;
    };
    let Some(site) = owner(resource) else {
        return;
    };
    let from = properties(&builder.body(resource));
    let meta = builder.meta(resource);
    let mut settings = of_app(builder, &meta, &site);
    match &*name {
        "appsettings" => settings.map(&from),
        "web" => settings.list(&from.get("appSettings")),
        _ => {}
    }
}

/// `Microsoft.Web/sites/networkConfig`: the subnet of a site as a resource of its own.
pub(super) fn site_network<'a>(builder: &mut Builder<'a>, resource: &'a Resource) {
    let from = properties(&builder.body(resource));
    if let Some(site) = owner(resource) {
        let subnet = from.get("subnetResourceId").link();
        builder.notes.app_subnet.push((site, subnet));
    }
}

/// `Microsoft.App/containerApps` and jobs.
pub(super) fn container_app<'a>(builder: &mut Builder<'a>, resource: &'a Resource) {
    let from = properties(&builder.body(resource));
    let environment = from
        .any_of(&["environmentId", "managedEnvironmentId"])
        .key();
    let meta = app(builder, resource, AppKind::ContainerApp, List::default());
    if let Some(environment) = environment {
        let app = meta.key.clone();
        builder.notes.app_environment.push((app, environment));
    }
    let template = from.get("template");
    for list in ["containers", "initContainers"] {
        containers(builder, &meta, &template.get(list), |container| {
            container.get("env")
        });
    }
}

/// `Microsoft.App/managedEnvironments`
pub(super) fn environment<'a>(builder: &mut Builder<'a>, resource: &'a Resource) {
    let from = properties(&builder.body(resource));
    let subnet = from.path(&["vnetConfiguration", "infrastructureSubnetId"]);
    let key = resource.key.clone();
    builder.notes.environment_subnet.push((key, subnet.link()));
}

/// `Microsoft.ContainerInstance/containerGroups`
pub(super) fn container_group<'a>(builder: &mut Builder<'a>, resource: &'a Resource) {
    let from = properties(&builder.body(resource));
    let subnets = ids(&from.get("subnetIds"));
    let meta = app(builder, resource, AppKind::ContainerGroup, subnets);
    for list in ["containers", "initContainers"] {
        containers(builder, &meta, &from.get(list), |container| {
            properties(container).get("environmentVariables")
        });
    }
}

/// `Microsoft.Resources/deploymentScripts`
pub(super) fn deployment_script<'a>(builder: &mut Builder<'a>, resource: &'a Resource) {
    let from = properties(&builder.body(resource));
    let subnets = from.path(&["containerSettings", "subnetIds"]);
    let meta = app(builder, resource, AppKind::DeploymentScript, ids(&subnets));
    let mut settings = of_app(builder, &meta, &meta.key.clone());
    settings.list(&from.get("environmentVariables"));
    settings.script("scriptContent", &from.get("scriptContent"));
    settings.script("arguments", &from.get("arguments"));
}

/// What a virtual machine or scale set is started with; `profile` is where its profiles are.
pub(super) fn of_machine<'a>(builder: &mut Builder<'a>, meta: &Meta, profile: &Node<'a>) {
    let mut settings = for_machine(builder, meta, &meta.key);
    settings.script("customData", &profile.path(&["osProfile", "customData"]));
    settings.script("userData", &profile.get("userData"));
    let extensions = profile.path(&["extensionProfile", "extensions"]);
    for extension in extensions.items().items {
        extension_settings(&mut settings, &properties(&extension));
    }
}

/// `Microsoft.Compute/virtualMachines/extensions`, also of scale sets.
pub(super) fn extension<'a>(builder: &mut Builder<'a>, resource: &'a Resource) {
    let from = properties(&builder.body(resource));
    let Some(machine) = owner(resource) else {
        return;
    };
    let meta = builder.meta(resource);
    extension_settings(&mut for_machine(builder, &meta, &machine), &from);
}

/// `Microsoft.Compute/virtualMachines/runCommands`
pub(super) fn run_command<'a>(builder: &mut Builder<'a>, resource: &'a Resource) {
    let from = properties(&builder.body(resource));
    let Some(machine) = owner(resource) else {
        return;
    };
    let meta = builder.meta(resource);
    let mut settings = for_machine(builder, &meta, &machine);
    settings.script("script", &from.path(&["source", "script"]));
    for list in ["parameters", "protectedParameters"] {
        settings.list(&from.get(list));
    }
}

fn extension_settings<'a>(settings: &mut Collector<'_, 'a>, from: &Node<'a>) {
    for part in ["settings", "protectedSettings"] {
        settings.leaves(part, &from.get(part));
    }
}

fn containers<'a>(
    builder: &mut Builder<'a>,
    app: &Meta,
    list: &Node<'a>,
    variables: impl Fn(&Node<'a>) -> Node<'a>,
) {
    for (position, container) in list.items().items.iter().enumerate() {
        let group = ResourceKey(format!("{}/containers/{position}", app.key.0).into());
        let owner = SettingOwner::App(link_to(app.key.clone(), app.origin));
        let mut settings = Collector::new(builder, owner, app, &group);
        settings.list(&variables(container));
        for part in ["command", "args"] {
            settings.leaves(part, &container.get(part));
        }
    }
}

/// Adds the application that a resource is.
fn app(
    builder: &mut Builder<'_>,
    resource: &Resource,
    kind: AppKind,
    subnets: List<Field<Link<SubnetId>>>,
) -> Meta {
    let meta = builder.meta(resource);
    let element = App {
        meta: meta.clone(),
        kind,
        subnets,
    };
    let _: AppId = builder.put(element, &meta);
    meta
}

fn of_app<'b, 'a>(
    builder: &'b mut Builder<'a>,
    meta: &Meta,
    app: &ResourceKey,
) -> Collector<'b, 'a> {
    let owner = SettingOwner::App(link_to(app.clone(), meta.origin));
    Collector::new(builder, owner, meta, app)
}

fn for_machine<'b, 'a>(
    builder: &'b mut Builder<'a>,
    meta: &Meta,
    machine: &ResourceKey,
) -> Collector<'b, 'a> {
    let owner = SettingOwner::Machine(link_to(machine.clone(), meta.origin));
    Collector::new(builder, owner, meta, machine)
}

/// The resource that a child belongs to.
fn owner(resource: &Resource) -> Option<ResourceKey> {
    let link: Field<Link<MachineId>> = super::parent(resource);
    external(&link).cloned()
}

fn one(link: Field<Link<SubnetId>>) -> List<Field<Link<SubnetId>>> {
    let written = (!link.is_absent()).then_some(link);
    List::closed(written.into_iter().collect())
}
