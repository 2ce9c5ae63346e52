//! Every function that Microsoft documents for templates, once: its family, how many arguments it
//! takes, and how far it can be answered without Azure.
//!
//! What a name means, the check of the number of arguments and the page of functions for readers
//! all come from this table. The functions themselves are absent: those that compute from their
//! arguments live with their family, the others with the evaluator.
//!
//! Sources: the pages "ARM template functions" (`template-functions-*`) and "Bicep functions"
//! (`bicep-functions-*`) of Microsoft Learn, and for what only Bicep's compiler writes the
//! namespaces of Azure/bicep; read in 2026-08.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::Special;

/// One function as it is documented.
#[derive(Debug)]
pub(in super::super) struct Entry {
    /// The name as documented; calls may write it in any case.
    pub(in super::super) name: &'static str,
    pub(in super::super) family: Family,
    /// The fewest arguments.
    pub(in super::super) least: usize,
    /// The most arguments.
    pub(in super::super) most: usize,
    pub(in super::super) answer: Answer,
    pub(in super::super) needs: Needs,
}

/// The page of the documentation a function stands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in super::super) enum Family {
    Array,
    Cidr,
    Comparison,
    Date,
    Deployment,
    Lambda,
    Logical,
    Numeric,
    Object,
    Resource,
    Scope,
    String,
    File,
}

/// How far a function is answered from files alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Answer {
    /// Of known arguments the result is known.
    Complete,
    /// What the files say is known, the rest is Azure's.
    InPart,
    /// Only Azure knows, when the deployment runs.
    RunTime,
    /// Bicep's compiler replaces it: no template has it.
    Compiler,
}

/// What a function needs to be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Needs {
    /// Its arguments alone.
    Arguments,
    /// The evaluator.
    Evaluator(Special),
    /// Azure.
    Azure,
}

impl Entry {
    /// Whether it takes so many arguments.
    pub(in super::super) fn takes(&self, count: usize) -> bool {
        (self.least..=self.most).contains(&count)
    }

    /// How many arguments it takes, for messages: `2 arguments`, `1 to 3 arguments`.
    pub(in super::super) fn arguments(&self) -> String {
        let (least, most) = (self.least, self.most);
        let plural = |count: usize| if count == 1 { "" } else { "s" };
        match most {
            0 => "no arguments".to_owned(),
            _ if least == most => format!("{least} argument{}", plural(least)),
            ANY if least == 0 => "any number of arguments".to_owned(),
            ANY => format!("at least {least} argument{}", plural(least)),
            _ => format!("{least} to {most} arguments"),
        }
    }
}

/// As many arguments as one likes.
const ANY: usize = usize::MAX;

/// A function that computes from its arguments alone.
const fn pure(name: &'static str, family: Family, least: usize, most: usize) -> Entry {
    Entry {
        name,
        family,
        least,
        most,
        answer: Answer::Complete,
        needs: Needs::Arguments,
    }
}

/// A function the evaluator answers.
const fn special(
    name: &'static str,
    family: Family,
    least: usize,
    most: usize,
    special: Special,
) -> Entry {
    Entry {
        needs: Needs::Evaluator(special),
        ..pure(name, family, least, most)
    }
}

/// A function of which the evaluator can answer a part.
const fn in_part(
    name: &'static str,
    family: Family,
    least: usize,
    most: usize,
    is: Special,
) -> Entry {
    Entry {
        answer: Answer::InPart,
        ..special(name, family, least, most, is)
    }
}

/// A function that Azure answers.
const fn run_time(name: &'static str, family: Family, least: usize, most: usize) -> Entry {
    Entry {
        answer: Answer::RunTime,
        needs: Needs::Azure,
        ..pure(name, family, least, most)
    }
}

/// A function that no template has.
const fn compiler(name: &'static str, family: Family, least: usize, most: usize) -> Entry {
    Entry {
        answer: Answer::Compiler,
        needs: Needs::Azure,
        ..pure(name, family, least, most)
    }
}

/// All functions, by family and name.
pub(in super::super) const FUNCTIONS: &[Entry] = &[
    pure("array", Family::Array, 1, 1),
    pure("concat", Family::Array, 1, ANY),
    pure("contains", Family::Array, 2, 2),
    pure("createArray", Family::Array, 0, ANY),
    pure("distinct", Family::Array, 1, 1),
    pure("empty", Family::Array, 1, 1),
    pure("first", Family::Array, 1, 1),
    pure("flatten", Family::Array, 1, 1),
    pure("indexFromEnd", Family::Array, 2, 2),
    pure("indexOf", Family::Array, 2, 2),
    pure("intersection", Family::Array, 2, ANY),
    pure("last", Family::Array, 1, 1),
    pure("lastIndexOf", Family::Array, 2, 2),
    pure("length", Family::Array, 1, 1),
    pure("range", Family::Array, 2, 2),
    pure("skip", Family::Array, 2, 2),
    pure("take", Family::Array, 2, 2),
    special(
        "tryIndexFromEnd",
        Family::Array,
        2,
        ANY,
        Special::TryIndexFromEnd,
    ),
    pure("union", Family::Array, 2, ANY),
    pure("cidrHost", Family::Cidr, 2, 2),
    pure("cidrSubnet", Family::Cidr, 3, 3),
    pure("parseCidr", Family::Cidr, 1, 1),
    special("coalesce", Family::Comparison, 1, ANY, Special::Coalesce),
    pure("equals", Family::Comparison, 2, 2),
    pure("greater", Family::Comparison, 2, 2),
    pure("greaterOrEquals", Family::Comparison, 2, 2),
    pure("less", Family::Comparison, 2, 2),
    pure("lessOrEquals", Family::Comparison, 2, 2),
    pure("like", Family::Comparison, 2, 2),
    pure("dateTimeAdd", Family::Date, 2, 3),
    pure("dateTimeFromEpoch", Family::Date, 1, 1),
    pure("dateTimeToEpoch", Family::Date, 1, 1),
    Entry {
        answer: Answer::InPart,
        ..pure("utcNow", Family::Date, 0, 1)
    },
    run_time("deployer", Family::Deployment, 0, 0),
    in_part("deployment", Family::Deployment, 0, 0, Special::Deployment),
    in_part(
        "environment",
        Family::Deployment,
        0,
        0,
        Special::Environment,
    ),
    run_time("extensions", Family::Deployment, 1, 1),
    run_time("externalInputs", Family::Deployment, 1, 1),
    special("parameters", Family::Deployment, 1, 1, Special::Parameters),
    special("variables", Family::Deployment, 1, 1, Special::Variables),
    special("filter", Family::Lambda, 2, 2, Special::Filter),
    special("groupBy", Family::Lambda, 2, 3, Special::GroupBy),
    special("lambda", Family::Lambda, 1, ANY, Special::Lambda),
    special(
        "lambdaVariables",
        Family::Lambda,
        1,
        1,
        Special::LambdaVariables,
    ),
    special("map", Family::Lambda, 2, 2, Special::Map),
    special("mapValues", Family::Lambda, 2, 2, Special::MapValues),
    special("reduce", Family::Lambda, 3, 3, Special::Reduce),
    special("sort", Family::Lambda, 2, 2, Special::Sort),
    special("toObject", Family::Lambda, 2, 3, Special::ToObject),
    special("and", Family::Logical, 2, ANY, Special::And),
    pure("bool", Family::Logical, 1, 1),
    special("fail", Family::Logical, 1, 1, Special::Fail),
    pure("false", Family::Logical, 0, 0),
    special("if", Family::Logical, 3, 3, Special::If),
    pure("not", Family::Logical, 1, 1),
    special("or", Family::Logical, 2, ANY, Special::Or),
    pure("true", Family::Logical, 0, 0),
    pure("add", Family::Numeric, 2, 2),
    special("copyIndex", Family::Numeric, 0, 2, Special::CopyIndex),
    pure("div", Family::Numeric, 2, 2),
    pure("float", Family::Numeric, 1, 1),
    pure("int", Family::Numeric, 1, 1),
    pure("max", Family::Numeric, 1, ANY),
    pure("min", Family::Numeric, 1, ANY),
    pure("mod", Family::Numeric, 2, 2),
    pure("mul", Family::Numeric, 2, 2),
    pure("sub", Family::Numeric, 2, 2),
    pure("createObject", Family::Object, 0, ANY),
    pure("items", Family::Object, 1, 1),
    pure("json", Family::Object, 1, 1),
    pure("null", Family::Object, 0, 0),
    pure("objectKeys", Family::Object, 1, 1),
    pure("shallowMerge", Family::Object, 1, 1),
    special("tryGet", Family::Object, 2, ANY, Special::TryGet),
    special(
        "extensionResourceId",
        Family::Resource,
        3,
        ANY,
        Special::ExtensionResourceId,
    ),
    run_time("getSecret", Family::Resource, 1, 5),
    run_time("list*", Family::Resource, 1, 3),
    special(
        "managementGroupResourceId",
        Family::Resource,
        2,
        ANY,
        Special::ManagementGroupResourceId,
    ),
    run_time("pickZones", Family::Resource, 3, 5),
    run_time("providers", Family::Resource, 1, 2),
    in_part("reference", Family::Resource, 1, 3, Special::Reference),
    in_part("references", Family::Resource, 1, 2, Special::References),
    special("resourceId", Family::Resource, 2, ANY, Special::ResourceId),
    in_part(
        "resourceInfo",
        Family::Resource,
        1,
        1,
        Special::ResourceInfo,
    ),
    run_time("roleDefinitions", Family::Resource, 1, 1),
    special(
        "subscriptionResourceId",
        Family::Resource,
        2,
        ANY,
        Special::SubscriptionResourceId,
    ),
    special(
        "tenantResourceId",
        Family::Resource,
        2,
        ANY,
        Special::TenantResourceId,
    ),
    run_time("toLogicalZone", Family::Resource, 3, 3),
    run_time("toLogicalZones", Family::Resource, 3, 3),
    run_time("toPhysicalZone", Family::Resource, 3, 3),
    run_time("toPhysicalZones", Family::Resource, 3, 3),
    in_part(
        "managementGroup",
        Family::Scope,
        0,
        0,
        Special::ManagementGroup,
    ),
    in_part("resourceGroup", Family::Scope, 0, 0, Special::ResourceGroup),
    in_part("subscription", Family::Scope, 0, 0, Special::Subscription),
    in_part("tenant", Family::Scope, 0, 0, Special::Tenant),
    pure("base64", Family::String, 1, 1),
    pure("base64ToJson", Family::String, 1, 1),
    pure("base64ToString", Family::String, 1, 1),
    run_time("buildUri", Family::String, 1, 1),
    pure("dataUri", Family::String, 1, 1),
    pure("dataUriToString", Family::String, 1, 1),
    pure("endsWith", Family::String, 2, 2),
    pure("format", Family::String, 1, ANY),
    Entry {
        answer: Answer::InPart,
        ..pure("guid", Family::String, 1, ANY)
    },
    pure("join", Family::String, 2, 2),
    in_part("newGuid", Family::String, 0, 0, Special::NewGuid),
    pure("padLeft", Family::String, 2, 3),
    run_time("parseUri", Family::String, 1, 1),
    pure("replace", Family::String, 3, 3),
    pure("split", Family::String, 2, 2),
    pure("startsWith", Family::String, 2, 2),
    pure("string", Family::String, 1, 1),
    pure("substring", Family::String, 2, 3),
    pure("toLower", Family::String, 1, 1),
    pure("toUpper", Family::String, 1, 1),
    pure("trim", Family::String, 1, 1),
    Entry {
        answer: Answer::InPart,
        ..pure("uniqueString", Family::String, 1, ANY)
    },
    pure("uri", Family::String, 2, 2),
    pure("uriComponent", Family::String, 1, 1),
    pure("uriComponentToString", Family::String, 1, 1),
    compiler("any", Family::File, 1, 1),
    compiler("externalInput", Family::File, 1, 2),
    compiler("loadDirectoryFileInfo", Family::File, 1, 2),
    compiler("loadFileAsBase64", Family::File, 1, 1),
    compiler("loadJsonContent", Family::File, 1, 3),
    compiler("loadTextContent", Family::File, 1, 2),
    compiler("loadYamlContent", Family::File, 1, 3),
    compiler("nameof", Family::File, 1, 1),
    compiler("readCliArg", Family::File, 1, 1),
    compiler("readEnvVar", Family::File, 1, 2),
    compiler("readEnvironmentVariable", Family::File, 1, 2),
];

/// The entry of a name in any case, without its namespace. `listKeys` and all its like are `list*`.
pub(in super::super) fn entry(name: &str) -> Option<&'static Entry> {
    static BY_NAME: LazyLock<HashMap<String, &'static Entry>> = LazyLock::new(|| {
        let lower = |entry: &'static Entry| (entry.name.to_ascii_lowercase(), entry);
        FUNCTIONS.iter().map(lower).collect()
    });
    let name = name.to_ascii_lowercase();
    let name = name
        .strip_prefix("sys.")
        .or_else(|| name.strip_prefix("az."))
        .unwrap_or(&name);
    let listing = || name.starts_with("list") && !name.contains('.');
    BY_NAME
        .get(name)
        .copied()
        .or_else(|| listing().then(|| BY_NAME.get("list*").copied()).flatten())
}
