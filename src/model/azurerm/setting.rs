//! Settings of applications and machines: where azurerm writes them.

use crate::eval::{Mode, Resource, ResourceKey};
use crate::model::build::{Builder, link_to};
use crate::model::field::Node;
use crate::model::setting::{App, AppKind, Collector, SettingOwner};
use crate::model::{AppId, Field, Link, List, Meta, SubnetId};

/// Applications, and what is said of them elsewhere; `kind` is the type without its provider.
pub(super) fn lower<'a>(builder: &mut Builder<'a>, resource: &'a Resource, kind: &str) {
    if resource.mode == Mode::Existing {
        return;
    }
    match kind {
        "container_group" => container_group(builder, resource),
        "container_app" | "container_app_job" => container_app(builder, resource),
        "container_app_environment" => environment(builder, resource, "infrastructure_subnet_id"),
        "app_service_environment_v3" => environment(builder, resource, "subnet_id"),
        "service_plan" | "app_service_plan" => plan(builder, resource),
        "app_service_virtual_network_swift_connection"
        | "app_service_slot_virtual_network_swift_connection" => swift(builder, resource),
        "virtual_machine_extension" => extension(builder, resource, "virtual_machine_id"),
        "virtual_machine_scale_set_extension" => {
            extension(builder, resource, "virtual_machine_scale_set_id");
        }
        "virtual_machine_run_command" => run_command(builder, resource),
        _ if kind.starts_with("resource_deployment_script") => script(builder, resource),
        _ => site(builder, resource),
    }
}

/// Whether a type is an application or tells settings.
pub(super) fn is_setting(kind: &str) -> bool {
    const KINDS: [&str; 30] = [
        "app_service",
        "app_service_environment_v3",
        "app_service_plan",
        "app_service_slot",
        "app_service_slot_virtual_network_swift_connection",
        "app_service_virtual_network_swift_connection",
        "container_app",
        "container_app_environment",
        "container_app_job",
        "container_group",
        "function_app",
        "function_app_flex_consumption",
        "function_app_slot",
        "linux_function_app",
        "linux_function_app_slot",
        "linux_web_app",
        "linux_web_app_slot",
        "logic_app_standard",
        "resource_deployment_script_azure_cli",
        "resource_deployment_script_azure_power_shell",
        "virtual_machine_extension",
        "virtual_machine_run_command",
        "virtual_machine_scale_set_extension",
        "windows_function_app",
        "windows_function_app_slot",
        "windows_web_app",
        "windows_web_app_slot",
        "service_plan",
        "static_web_app",
        "static_site",
    ];
    KINDS.contains(&kind)
}

/// What a virtual machine or scale set is started with.
pub(super) fn of_machine<'a>(builder: &mut Builder<'a>, meta: &Meta, body: &Node<'a>) {
    let mut settings = for_machine(builder, meta, &meta.key);
    for (name, node) in [
        ("custom_data", body.get("custom_data")),
        ("user_data", body.any_of(&["user_data", "user_data_base64"])),
        ("custom_data", body.block("os_profile").get("custom_data")),
    ] {
        settings.script(name, &node);
    }
    for extension in body.get("extension").items().items {
        extension_settings(&mut settings, &extension);
    }
}

fn site<'a>(builder: &mut Builder<'a>, resource: &'a Resource) {
    let body = builder.body(resource);
    let subnet = body.get("virtual_network_subnet_id").link();
    let plan = body.any_of(&["service_plan_id", "app_service_plan_id"]);
    let meta = app(builder, resource, AppKind::AppService, one(subnet));
    if !plan.is_absent() {
        let place = (meta.key.clone(), plan.key());
        builder.notes.site_plan.push(place);
    }
    of_app(builder, &meta, &meta.key.clone()).map(&body.get("app_settings"));
}

fn plan<'a>(builder: &mut Builder<'a>, resource: &'a Resource) {
    let environment = builder.body(resource).get("app_service_environment_id");
    if environment.is_absent() || environment.key().is_some() {
        let place = (resource.key.clone(), environment.key());
        builder.notes.plan_environment.push(place);
    }
}

fn swift<'a>(builder: &mut Builder<'a>, resource: &'a Resource) {
    let body = builder.body(resource);
    if let Some(site) = body.get("app_service_id").key() {
        let subnet = body.get("subnet_id").link();
        builder.notes.app_subnet.push((site, subnet));
    }
}

fn container_app<'a>(builder: &mut Builder<'a>, resource: &'a Resource) {
    let body = builder.body(resource);
    let environment = body.get("container_app_environment_id").key();
    let meta = app(builder, resource, AppKind::ContainerApp, List::default());
    if let Some(environment) = environment {
        let app = meta.key.clone();
        builder.notes.app_environment.push((app, environment));
    }
    let template = body.block("template");
    for list in ["container", "init_container"] {
        for (position, container) in template.get(list).items().items.iter().enumerate() {
            let mut settings = of_container(builder, &meta, position);
            settings.list(&container.get("env"));
            for part in ["command", "args"] {
                settings.leaves(part, &container.get(part));
            }
        }
    }
}

fn environment<'a>(builder: &mut Builder<'a>, resource: &'a Resource, subnet: &str) {
    let body = builder.body(resource);
    let subnet = body.get(subnet).link();
    let key = resource.key.clone();
    builder.notes.environment_subnet.push((key, subnet));
}

fn container_group<'a>(builder: &mut Builder<'a>, resource: &'a Resource) {
    let body = builder.body(resource);
    let subnets = body.get("subnet_ids").links();
    let meta = app(builder, resource, AppKind::ContainerGroup, subnets);
    for list in ["container", "init_container"] {
        for (position, container) in body.get(list).items().items.iter().enumerate() {
            let mut settings = of_container(builder, &meta, position);
            settings.map(&container.get("environment_variables"));
            settings.map(&container.get("secure_environment_variables"));
            settings.leaves("commands", &container.get("commands"));
        }
    }
}

fn script<'a>(builder: &mut Builder<'a>, resource: &'a Resource) {
    let body = builder.body(resource);
    let subnets = body.block("container").get("subnet_ids").links();
    let meta = app(builder, resource, AppKind::DeploymentScript, subnets);
    let mut settings = of_app(builder, &meta, &meta.key.clone());
    settings.list(&body.get("environment_variable"));
    settings.script("script_content", &body.get("script_content"));
    settings.script("command_line", &body.get("command_line"));
}

fn extension<'a>(builder: &mut Builder<'a>, resource: &'a Resource, owner: &str) {
    let body = builder.body(resource);
    let meta = builder.meta(resource);
    if let Some(machine) = body.get(owner).key() {
        extension_settings(&mut for_machine(builder, &meta, &machine), &body);
    }
}

fn run_command<'a>(builder: &mut Builder<'a>, resource: &'a Resource) {
    let body = builder.body(resource);
    let meta = builder.meta(resource);
    let Some(machine) = body.get("virtual_machine_id").key() else {
        return;
    };
    let mut settings = for_machine(builder, &meta, &machine);
    settings.script("script", &body.block("source").get("script"));
    settings.list(&body.get("parameter"));
}

fn extension_settings<'a>(settings: &mut Collector<'_, 'a>, from: &Node<'a>) {
    for part in ["settings", "protected_settings"] {
        settings.leaves(part, &from.get(part));
    }
}

fn app(
    builder: &mut Builder<'_>,
    resource: &Resource,
    kind: AppKind,
    subnets: List<Field<Link<SubnetId>>>,
) -> Meta {
    let meta = builder.meta(resource);
    let _: AppId = builder.add(App {
        meta: meta.clone(),
        kind,
        subnets,
    });
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

fn of_container<'b, 'a>(
    builder: &'b mut Builder<'a>,
    app: &Meta,
    position: usize,
) -> Collector<'b, 'a> {
    let owner = SettingOwner::App(link_to(app.key.clone(), app.origin));
    let group = ResourceKey(format!("{}/containers/{position}", app.key.0).into());
    Collector::new(builder, owner, app, &group)
}

fn for_machine<'b, 'a>(
    builder: &'b mut Builder<'a>,
    meta: &Meta,
    machine: &ResourceKey,
) -> Collector<'b, 'a> {
    let owner = SettingOwner::Machine(link_to(machine.clone(), meta.origin));
    Collector::new(builder, owner, meta, machine)
}

fn one(link: Field<Link<SubnetId>>) -> List<Field<Link<SubnetId>>> {
    let written = (!link.is_absent()).then_some(link);
    List::closed(written.into_iter().collect())
}
