//! Recorded resources: what the command line tools and REST calls of Azure print.
//!
//! A document is one resource, an array of resources, or an answer that holds one under `value`
//! or `data`. The documents of a directory are one deployment, and it is complete: what is not
//! recorded does not exist there.
//!
//! What is absent: the flattened shape without `properties`, and listings whose items have no
//! full id.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use super::arm::kinds;
use super::frontend::{Frontend, GroupOptions, Grouping, Input, Target, Tree, Unit};
use super::value::{Data, Truth, Value};
use super::{Deployment, Dialect, Existence, Loader, Mode, Resource, ResourceKey};
use crate::diagnostic::Diagnostic;
use crate::origin::{OriginBuilder, OriginStep};
use crate::source::Span;
use crate::syntax::json::{Json, JsonKind, Member};

/// How deep a recorded value may nest.
const MAX_DEPTH: usize = 200;

/// The front end of exported resources.
#[derive(Clone, Copy, Debug, Default)]
pub struct Export;

impl Frontend for Export {
    fn name(&self) -> &'static str {
        "export"
    }

    fn recognise(&self, input: &Input<'_>) -> bool {
        match input.tree {
            Tree::Json(Some(json)) => items(json).iter().any(|item| Kind::of(item).is_some()),
            _ => false,
        }
    }

    fn group(&self, inputs: &[Input<'_>], _options: &GroupOptions) -> Grouping {
        let mut directories: BTreeMap<Arc<str>, Vec<&Input<'_>>> = BTreeMap::new();
        for input in inputs {
            let path = input.file.path();
            let directory = path.rsplit_once('/').map_or("", |(directory, _)| directory);
            directories.entry(directory.into()).or_default().push(input);
        }
        let unit = |(directory, inputs): (Arc<str>, Vec<&Input<'_>>)| Unit {
            name: match inputs.as_slice() {
                [only] => Arc::clone(only.file.path()),
                _ if directory.is_empty() => ".".into(),
                _ => Arc::clone(&directory),
            },
            directory,
            sources: inputs.iter().map(|input| input.id).collect(),
            values: Vec::new(),
            environment: None,
            target: Target::default(),
        };
        let mut units: Vec<Unit> = directories.into_iter().map(unit).collect();
        units.sort_by(|a, b| a.name.cmp(&b.name));
        Grouping {
            units,
            ..Grouping::default()
        }
    }

    fn evaluate(&self, unit: &Unit, loader: &dyn Loader) -> Deployment {
        let mut recorder = Recorder::default();
        for id in &unit.sources {
            if let Some(Tree::Json(Some(json))) = loader.tree(*id) {
                for item in items(json) {
                    recorder.record(item);
                }
            }
        }
        Deployment {
            name: Arc::clone(&unit.name),
            environment: unit.environment.clone(),
            directory: Arc::clone(&unit.directory),
            dialect: Dialect::Arm,
            files: unit.sources.clone(),
            resources: recorder.resources,
            origins: recorder.origins.finish(),
            diagnostics: recorder.diagnostics,
            complete: true,
            generator: None,
        }
    }
}

/// The things of a document that may be resources.
fn items(json: &Json) -> &[Json] {
    match &json.kind {
        JsonKind::Array(items) => items,
        JsonKind::Object(_) if is_foreign(json) => &[],
        JsonKind::Object(_) => {
            let listed = json.get("value").or_else(|| json.get("data"));
            match listed.map(|listed| &listed.kind) {
                Some(JsonKind::Array(items)) if json.get("properties").is_none() => items,
                _ => std::slice::from_ref(json),
            }
        }
        _ => &[],
    }
}

/// Whether an object says that it is something else.
fn is_foreign(json: &Json) -> bool {
    [
        "$schema",
        "format_version",
        "terraform_version",
        "parameters",
        "resources",
    ]
    .iter()
    .any(|name| json.get(name).is_some())
}

/// What a recorded object is.
enum Kind<'j> {
    Resource { id: &'j str, kind: &'j str },
    Subscription { id: &'j str },
}

impl<'j> Kind<'j> {
    fn of(json: &'j Json) -> Option<Self> {
        let text = |name| json.get_ignore_case(name).and_then(Json::as_str);
        let id = text("id")?;
        let lower = id.get(..15).unwrap_or(id).to_ascii_lowercase();
        if !(lower.starts_with("/subscriptions/") || lower.starts_with("/providers/")) {
            return None;
        }
        if json.get_ignore_case("subscriptionPolicies").is_some() {
            return Some(Self::Subscription { id });
        }
        let kind = text("type")?;
        let is_type = kind
            .split_once('/')
            .is_some_and(|(namespace, rest)| namespace.contains('.') && !rest.is_empty());
        // Definitions and assignments of policies are kept in repositories in this very shape.
        if kind
            .to_ascii_lowercase()
            .starts_with("microsoft.authorization/")
        {
            return None;
        }
        let properties = json.get_ignore_case("properties")?;
        (is_type && matches!(properties.kind, JsonKind::Object(_)))
            .then_some(Self::Resource { id, kind })
    }
}

#[derive(Default)]
struct Recorder {
    origins: OriginBuilder,
    resources: Vec<Resource>,
    /// Where among the resources a key is.
    by_key: HashMap<ResourceKey, usize>,
    addresses: HashSet<Arc<str>>,
    diagnostics: Vec<Diagnostic>,
}

impl Recorder {
    fn record(&mut self, json: &Json) {
        let (id, kind) = match Kind::of(json) {
            Some(Kind::Resource { id, kind }) => (id, kinds::canonical(kind)),
            Some(Kind::Subscription { id }) => (id, "Microsoft.Resources/subscriptions".into()),
            None => return,
        };
        let body = self.value(json, 0);
        let name = id
            .trim_end_matches('/')
            .rsplit('/')
            .next()
            .unwrap_or_default();
        let header = header(json);
        let key = ResourceKey(id.trim_end_matches('/').to_ascii_lowercase().into());
        let before = self.by_key.get(&key).copied();
        let address = match before.and_then(|at| self.resources.get(at)) {
            Some(before) => Arc::clone(&before.address),
            None => self.unique(&kind, id),
        };
        let step = OriginStep::Block(Arc::clone(&address));
        let origin = self.origins.add(Some(header), step, Vec::new());
        let written = body.get_ignore_case("id").map_or(origin, |id| id.origin);
        let resource = Resource {
            address,
            parent: parent(&key.0),
            key: key.clone(),
            kind,
            name: Value::string(name, written),
            mode: Mode::Managed,
            body,
            origin,
            existence: Existence::CERTAIN,
            template: false,
            symbol: None,
        };
        match before.and_then(|at| self.resources.get_mut(at)) {
            Some(before) => {
                if before.body.equals(&resource.body) != Truth::True {
                    let message = format!(
                        "{} is recorded more than once with different content; the last counts",
                        resource.address
                    );
                    let told = Diagnostic::advice("recorded-twice", header, message);
                    self.diagnostics.push(told);
                }
                *before = resource;
            }
            None => {
                self.by_key.insert(key, self.resources.len());
                self.resources.push(resource);
            }
        }
    }

    fn value(&self, json: &Json, depth: usize) -> Value {
        let origin = self
            .origins
            .add(Some(json.span), OriginStep::Recorded, Vec::new());
        if depth > MAX_DEPTH {
            return Value::null(origin);
        }
        match &json.kind {
            JsonKind::Null => Value::null(origin),
            JsonKind::Bool(value) => Value::bool(*value, origin),
            JsonKind::Number(number) => Value::new(Data::Number(*number), origin),
            JsonKind::String(text) => Value::string(Arc::clone(text), origin),
            JsonKind::Array(items) => {
                let items = items.iter().map(|item| self.value(item, depth + 1));
                Value::list(items.collect(), origin)
            }
            JsonKind::Object(members) => {
                let entry = |member: &Member| {
                    (
                        Arc::clone(&member.name),
                        self.value(&member.value, depth + 1),
                    )
                };
                Value::object(members.iter().map(entry), origin)
            }
        }
    }

    fn unique(&mut self, kind: &str, id: &str) -> Arc<str> {
        let mut address = kind.to_owned();
        for name in names(id) {
            address.push('/');
            address.push_str(name);
        }
        let mut unique: Arc<str> = address.as_str().into();
        let mut number = 1;
        while !self.addresses.insert(Arc::clone(&unique)) {
            number += 1;
            unique = format!("{address}#{number}").into();
        }
        unique
    }
}

/// The segments of an id after the last `providers`, namespace included.
fn provider_part(id: &str) -> Option<(usize, &str)> {
    let at = id.to_ascii_lowercase().rfind("/providers/")? + "/providers/".len();
    Some((at, id.get(at..)?))
}

fn names(id: &str) -> Vec<&str> {
    match provider_part(id) {
        Some((_, part)) => part.split('/').skip(2).step_by(2).collect(),
        None => id.trim_end_matches('/').rsplit('/').take(1).collect(),
    }
}

/// The key of the resource that a child is part of.
fn parent(key: &str) -> Option<ResourceKey> {
    let (at, part) = provider_part(key)?;
    let segments = part.split('/').count();
    if segments < 5 {
        return None;
    }
    let kept: Vec<&str> = part.split('/').take(segments - 2).collect();
    let base = key.get(..at)?;
    Some(ResourceKey(format!("{base}{}", kept.join("/")).into()))
}

fn header(json: &Json) -> Span {
    ["name", "id"]
        .iter()
        .find_map(|name| {
            json.members()
                .iter()
                .find(|member| member.name.eq_ignore_ascii_case(name))
        })
        .map_or(json.span, |member| member.name_span.to(member.value.span))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{FileId, SourceFile, SourceMap};
    use crate::syntax::json;

    struct Files(SourceMap, Vec<Tree>);

    impl Loader for Files {
        fn text(&self, _path: &str) -> Option<(FileId, Arc<SourceFile>)> {
            None
        }

        fn tree(&self, id: FileId) -> Option<&Tree> {
            self.1.get(id.0 as usize)
        }

        fn directory(&self, _path: &str) -> Vec<FileId> {
            Vec::new()
        }

        fn path(&self, _id: FileId) -> Arc<str> {
            "".into()
        }
    }

    fn read(files: &[(&str, &str)]) -> (Files, Vec<Deployment>) {
        let mut all = Files(SourceMap::default(), Vec::new());
        for (path, text) in files {
            let file = Arc::new(SourceFile::new(*path, text));
            let id = all.0.push(Arc::clone(&file));
            all.1.push(Tree::Json(json::parse(id, &file).tree));
        }
        let inputs: Vec<Input<'_>> = all
            .0
            .iter()
            .zip(&all.1)
            .map(|((id, file), tree)| Input { id, file, tree })
            .filter(|input| Export.recognise(input))
            .collect();
        let grouping = Export.group(&inputs, &GroupOptions::default());
        let deployments = grouping
            .units
            .iter()
            .map(|unit| Export.evaluate(unit, &all));
        let deployments = deployments.collect();
        (all, deployments)
    }

    const GROUP: &str = r#"{ "value": [{ "name": "web",
        "id": "/subscriptions/S/resourceGroups/RG/providers/Microsoft.Network/networkSecurityGroups/web",
        "type": "microsoft.network/NetworkSecurityGroups", "properties": { "securityRules": [] } }] }"#;
    const RULE: &str = r#"[{ "name": "ssh",
        "id": "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/networkSecurityGroups/web/securityRules/ssh",
        "type": "Microsoft.Network/networkSecurityGroups/securityRules", "properties": { "access": "Allow" } }]"#;
    const SUBSCRIPTION: &str = r#"{ "id": "/subscriptions/S", "displayName": "Test",
        "subscriptionPolicies": { "quotaId": "FreeTrial_2014-09-01" } }"#;

    #[test]
    fn the_files_of_a_directory_are_one_complete_deployment() {
        let (files, deployments) = read(&[
            ("e/g.json", GROUP),
            ("e/r.json", RULE),
            ("e/s.json", SUBSCRIPTION),
        ]);
        let [deployment] = deployments.as_slice() else {
            panic!("{} deployments", deployments.len());
        };
        assert_eq!(&*deployment.name, "e");
        assert!(deployment.complete);
        let [group, rule, subscription] = deployment.resources.as_slice() else {
            panic!("{} resources", deployment.resources.len());
        };
        assert_eq!(&*group.kind, "Microsoft.Network/networkSecurityGroups");
        assert_eq!(rule.parent.as_ref(), Some(&group.key));
        assert_eq!(group.parent, None);
        assert_eq!(
            &*rule.address,
            "Microsoft.Network/networkSecurityGroups/securityRules/web/ssh"
        );
        assert_eq!(rule.name.as_str().map(|name| &**name), Some("ssh"));
        let access = rule
            .body
            .get("properties")
            .and_then(|json| json.get("access"))
            .unwrap();
        let typed: Vec<&str> = deployment
            .origins
            .literals(access.origin)
            .into_iter()
            .map(|span| files.0.slice(span))
            .collect();
        assert_eq!(typed, [r#""Allow""#]);
        assert_eq!(
            deployment.origins.get(access.origin).step,
            OriginStep::Recorded
        );
        assert_eq!(&*subscription.kind, "Microsoft.Resources/subscriptions");
        assert_eq!(&*subscription.key.0, "/subscriptions/s");
    }

    #[test]
    fn a_resource_recorded_again_is_one_and_other_content_is_told() {
        let changed = RULE.replace("Allow", "Deny");
        let (files, deployments) = read(&[
            ("e/1.json", RULE),
            ("e/2.json", RULE),
            ("e/3.json", &changed),
        ]);
        let [rule] = deployments[0].resources.as_slice() else {
            panic!("{} resources", deployments[0].resources.len());
        };
        assert_eq!(
            &*rule.address,
            "Microsoft.Network/networkSecurityGroups/securityRules/web/ssh"
        );
        let access = rule
            .body
            .get("properties")
            .and_then(|json| json.get("access"));
        assert_eq!(
            access.and_then(Value::as_str).map(|text| &**text),
            Some("Deny")
        );
        let [told] = deployments[0].diagnostics.as_slice() else {
            panic!("{:?}", deployments[0].diagnostics);
        };
        assert_eq!(told.code, "recorded-twice");
        let span = told.primary.as_ref().unwrap().span;
        assert_eq!(files.0.slice(span), r#""name": "ssh""#);
        assert_eq!(span.file, FileId(2));
    }

    #[test]
    fn what_only_looks_like_a_resource_is_left_alone() {
        let others = [
            r#"{ "$schema": "https://x/deploymentTemplate.json#", "id": "/subscriptions/s", "type": "A.B/c", "properties": {} }"#,
            r#"{ "format_version": "1.2", "planned_values": {} }"#,
            r#"{ "id": "/providers/Microsoft.Authorization/policyDefinitions/p", "type": "Microsoft.Authorization/policyDefinitions", "properties": {} }"#,
            r#"{ "id": "https://example.org", "type": "object", "properties": {} }"#,
            r#"[1, "x", null]"#,
        ];
        for other in others {
            let (_, deployments) = read(&[("x.json", other)]);
            assert!(deployments.is_empty(), "{other}");
        }
    }
}
