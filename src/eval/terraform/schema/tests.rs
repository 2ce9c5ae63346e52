use super::*;

fn group() -> &'static BlockSchema {
    schema(Mode::Managed, "azurerm_network_security_group").unwrap()
}

#[test]
fn types_without_rows_have_no_schema() {
    assert!(schema(Mode::Managed, "azurerm_no_such_thing").is_none());
    assert!(schema(Mode::Managed, "aws_vpc").is_none());
    assert!(schema(Mode::Existing, "azurerm_network_security_rule").is_none());
}

#[test]
fn rules_of_a_group_are_blocks_that_may_be_a_value() {
    let rules = group().find("security_rule", Versions::ALL).unwrap();
    let Shape::Block {
        nesting,
        as_attribute,
        body,
        ..
    } = &rules.shape
    else {
        panic!("not a block");
    };
    assert_eq!(*nesting, Nesting::Set);
    assert!(as_attribute);
    assert!(rules.optional && rules.computed && !rules.required);
    assert!(body.find("priority", Versions::ALL).unwrap().required);
}

#[test]
fn a_default_that_changed_depends_on_the_version() {
    let balancer = schema(Mode::Managed, "azurerm_lb").unwrap();
    let sku = |constraint: &str| balancer.omitted("sku", Versions::within([constraint]));
    assert_eq!(sku("~> 3.0"), Omitted::Default(Scalar::Text("Basic")));
    assert_eq!(sku(">= 4.0"), Omitted::Default(Scalar::Text("Standard")));
    assert_eq!(
        sku(">= 3.0"),
        Omitted::ByVersion {
            defaults: vec![Scalar::Text("Basic"), Scalar::Text("Standard")],
            null: false
        }
    );
}

#[test]
fn what_nobody_wrote_is_null_or_computed_or_no_attribute_at_all() {
    let all = Versions::ALL;
    assert_eq!(group().omitted("tags", all), Omitted::Null);
    assert_eq!(group().omitted("security_rule", all), Omitted::Computed);
    assert_eq!(group().omitted("id", all), Omitted::Computed);
    assert_eq!(group().omitted("security_rules", all), Omitted::Undeclared);
    assert_eq!(
        group().nearest("security_rules", all),
        Some("security_rule")
    );
    assert_eq!(group().nearest("zzz", all), None);
}

#[test]
fn constraints_leave_ranges_of_versions() {
    let of = |constraint: &str| {
        let versions = Versions::within([constraint]);
        let end = versions.below.map(|below| below.to_string());
        (versions.from.to_string(), end.unwrap_or_default())
    };
    let range = |from: &str, below: &str| (from.to_owned(), below.to_owned());
    assert_eq!(of("~> 3.0"), range("3.0.0", "4.0.0"));
    assert_eq!(of("~> 3.0.2"), range("3.0.2", "3.1.0"));
    assert_eq!(of("=2.46.0"), range("2.46.0", "2.46.1"));
    assert_eq!(of("3.1"), range("3.1.0", "3.1.1"));
    assert_eq!(of(">= 3.7.0, < 5"), range("3.7.0", "5.0.0"));
    assert_eq!(of("> 3.7"), range("3.7.1", ""));
    assert_eq!(of("<= 3.7"), range("0.0.0", "3.7.1"));
    assert_eq!(of("!= 3.7"), range("0.0.0", ""));
    assert_eq!(of("> 4, < 3"), range("0.0.0", ""));
    assert_eq!(of("soon"), range("0.0.0", ""));
}

#[test]
fn newer_versions_than_the_rows_may_have_more() {
    let bounded = Versions::within(["~> 4.0"]);
    let open = Versions::within([">= 4.0"]);
    assert!(group().lacks("perimeter", bounded));
    assert!(!group().lacks("perimeter", open));
    // Nearly the name of something else.
    assert!(group().lacks("security_rules", open));
    assert!(!group().lacks("security_rule", open));
    let interface = schema(Mode::Managed, "azurerm_network_interface").unwrap();
    assert!(interface.lacks("enable_ip_forwarding", open));
}

#[test]
fn every_row_is_read_and_no_name_stands_twice_in_one_version() {
    fn check(block: &BlockSchema, at: &str) -> usize {
        let mut rows = 0;
        for row in block.rows() {
            let at = format!("{at}.{}", row.name);
            assert!(row.required || row.optional || row.computed, "{at}");
            let same = block.rows_of(row.name);
            let met = same.filter(|other| other.versions.meet(&row.versions));
            assert_eq!(met.count(), 1, "{at}");
            rows += 1 + row.body().map_or(0, |body| check(body, &at));
        }
        rows
    }
    let implied = read::block("").rows().count() + 4;
    let mut rows = 0;
    let of_mode = [
        (&TYPES.managed, Mode::Managed),
        (&TYPES.existing, Mode::Existing),
    ];
    for (types, mode) in of_mode {
        for kind in types.keys() {
            rows += check(schema(mode, kind).unwrap(), kind) - implied;
        }
    }
    let written = ROWS.lines().filter(|line| line.starts_with(' ')).count();
    assert_eq!(rows, written);
}
